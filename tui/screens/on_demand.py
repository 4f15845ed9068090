"""What the first frame need not wait for, screens and exports: to load it takes a tenth of its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .canary import CanaryScreen
    from .credentials import CredentialsScreen
    from .export import Exports
    from .help import HelpScreen
    from .inspect import InspectScreen


def canary_screen() -> type[CanaryScreen]:
    """What the first requests came to."""
    from .canary import CanaryScreen

    return CanaryScreen


def credentials_screen() -> type[CredentialsScreen]:
    """Other credentials for a host that refuses these."""
    from .credentials import CredentialsScreen

    return CredentialsScreen


def exports() -> type[Exports]:
    """What asks where to write an export, and writes it."""
    from .export import Exports

    return Exports


def help_screen() -> type[HelpScreen]:
    """All keys."""
    from .help import HelpScreen

    return HelpScreen


def inspect_screen() -> type[InspectScreen]:
    """One request."""
    from .inspect import InspectScreen

    return InspectScreen


def load_all() -> None:
    """Load them now: a key should not have to wait, and a newer release may stand on the disk hours later."""
    for load in (canary_screen, credentials_screen, exports, help_screen, inspect_screen):
        load()
