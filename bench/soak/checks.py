"""What a soak holds against limits: how the command left, its memory, its descriptors, its loop."""

from __future__ import annotations

from dataclasses import dataclass

from .command import Front
from .figures import Figures
from .watch import Watched

MOST_GROWTH = 1.2
MOST_GAP_MS = 250.0
_SPARE_DESCRIPTORS = 32
_INTERRUPTED, _SOME_FAILED = 130, 1
_LEAVE_ALTERNATE_SCREEN = b"\x1b[?1049l"
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold."""

    name: str
    passed: bool
    detail: str
    honesty: bool = True
    """Whether it is about what the run told, which does not depend on how fast or busy the machine is."""


def left(seen: Watched, front: Front) -> list[Check]:
    """How the command ended, and in what state it left the terminal."""
    wanted = _INTERRUPTED if seen.stopped else _SOME_FAILED
    status = "killed, because it did not leave" if seen.killed else f"exit status {seen.exit_status}"
    checks = [
        Check("the command ended as it should", seen.exit_status == wanted, f"{status}, wanted {wanted}")
    ]
    if front is Front.DASHBOARD:
        restored = _LEAVE_ALTERNATE_SCREEN in seen.last_words
        checks.append(
            Check("the terminal was given back", restored, f"{seen.screen_bytes:,} bytes were drawn")
        )
    return checks


def measured(figures: Figures) -> list[Check]:
    """Memory, open files and the loop against their limits; memory only where there were rows enough."""
    own, longest = figures.own_gap, figures.gap
    gap = Check(
        f"the loop never stood still for {MOST_GAP_MS:g} ms of its own making",
        own.own_ms <= MOST_GAP_MS,
        f"{own.own_ms:.0f} ms, {own.ran_ms:.0f} of them running (with the time others had the processors, "
        f"the longest was {longest.ms:.0f} ms, {longest.waited_ms:.0f} of them waiting)",
        honesty=False,
    )
    if figures.base_rss is None or figures.growth is None or figures.base_descriptors is None:
        return [gap]
    memory = Check(
        f"memory at the end is at most {MOST_GROWTH:g} times that after the first rows",
        figures.growth <= MOST_GROWTH,
        f"{figures.base_rss / _MIB:.1f} MiB, then {figures.end_rss / _MIB:.1f} MiB: {figures.growth:.3f} "
        f"(most {figures.most_rss / _MIB:.1f} MiB)",
        honesty=False,
    )
    most = int(figures.base_descriptors * MOST_GROWTH) + _SPARE_DESCRIPTORS
    files = Check(
        f"open files at the end are at most {most:,}",
        figures.end_descriptors <= most,
        f"{figures.base_descriptors:,}, then {figures.end_descriptors:,} (most {figures.most_descriptors:,})",
        honesty=False,
    )
    return [gap, memory, files]
