"""Where the config file and the remembered choices are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from platformdirs import user_config_path, user_state_path

CONFIG_VARIABLE: Final = "FETCHDECK_CONFIG"
"""Names another config file."""


def config_path(environ: Mapping[str, str]) -> Path:
    """The config file, whether it is there or not."""
    named = environ.get(CONFIG_VARIABLE)
    return Path(named) if named else user_config_path("fetchdeck") / "config.toml"


def remembered_path() -> Path:
    """The file in which the dashboard keeps what was chosen in it."""
    return user_state_path("fetchdeck") / "dashboard.json"
