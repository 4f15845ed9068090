"""One soak under one front end: server, input, the command under watch, and the checks after it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from .bodies import MAX_BODY
from .checks import Check, left, measured
from .command import Front, start
from .fates import Fate, fate_of
from .figures import Figures, Lines, figures_of
from .server_process import SoakServer, soak_server
from .verify import verify
from .watch import Watch, Watched

_TEMPLATE = "{{ origin | safe }}/r/{{ id }}?name={{ name }}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What is soaked, and for how long."""

    rows: int
    concurrency: int
    timeout_s: float
    retries: int
    minutes: float | None
    """After which each run is stopped."""
    every_s: float
    """Seconds between two lines of the table."""
    base_rows: int
    stacks: Path | None


@dataclass(frozen=True, slots=True)
class Result:
    """What one soak came to."""

    front: Front
    seen: Watched
    figures: Figures
    checks: list[Check]

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return all(check.passed for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """For a machine to read, every sample included."""
        return {
            "front": self.front,
            "rows": self.seen.done,
            "seconds": self.seen.seconds,
            "exit_status": self.seen.exit_status,
            "stopped": self.seen.stopped,
            "figures": asdict(self.figures) | {"growth": self.figures.growth},
            "checks": [asdict(check) for check in self.checks],
            "samples": [asdict(sample) for sample in self.seen.samples],
        }


def soak(front: Front, settings: Settings, folder: Path, show: Callable[[str], None]) -> Result:
    """Run the command to its end in a new `folder`; `show` gets the table and the verdict, line by line."""
    folder.mkdir(parents=True)
    show(f"\n## {front}: {settings.rows:,} rows, concurrency {settings.concurrency}\n")
    with soak_server(settings.rows, folder) as server:
        source = _write_input(folder / "soak.csv", settings.rows, server)
        seen = _watch(front, settings, folder / "soak.run", source, Lines(settings.every_s, show))
    if not (seen.samples and (folder / "soak.run/journal.sqlite").exists()):
        raise click.ClickException(
            f"The command ended before it began:\n{seen.last_words.decode(errors='replace')}"
        )
    if seen.stopped:
        show(f"\nStopped with SIGTERM after {settings.minutes:g} minutes.")
    figures = figures_of(seen.samples, seen.done, settings.base_rows)
    clean = Check(
        "the server had no error of its own", not server.complaints, server.complaints[-200:] or "none"
    )
    honest = verify(folder / "soak.run", settings.rows, server, stopped=seen.stopped)
    result = Result(front, seen, figures, [*measured(figures), *left(seen, front), clean, *honest])
    show(f"\n{seen.done:,} rows in {seen.seconds:,.0f} s: {seen.done / seen.seconds:,.0f} a second.\n")
    for check in result.checks:
        show(f"- {'PASS' if check.passed else 'FAIL'}: {check.name}: {check.detail}")
    return result


def _watch(front: Front, settings: Settings, run: Path, source: Path, lines: Lines) -> Watched:
    arguments = (
        str(source), "--run", str(run), "--url", _TEMPLATE, "-c", str(settings.concurrency),
        "--timeout", str(settings.timeout_s), "--retries", str(settings.retries), "--max-body", str(MAX_BODY),
    )  # fmt: skip
    limit_s = settings.minutes * 60 if settings.minutes is not None else None
    with closing(start(front, arguments, settings.stacks)) as running:
        seen = Watch(running, front, run, settings.rows, limit_s).to_the_end(lines.add)
    lines.flush()
    return seen


def _write_input(path: Path, rows: int, server: SoakServer) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.write("id,origin,name\n")
        file.writelines(f"{row},{_origin(row, server)},name of row {row}\n" for row in range(rows))
    return path


def _origin(row: int, server: SoakServer) -> str:
    match fate_of(row):
        case Fate.REFUSED:
            return server.refused
        case Fate.INVALID:
            return "http://no host"
        case _:
            return server.origins[row % len(server.origins)]
