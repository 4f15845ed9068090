"""Takes the pictures of this folder: the real dashboard over a real run against the demo server.

Run it from the checkout with the test extra installed: `python screenshots/make.py`. The pictures differ from
one time to the next in their numbers, as the run does; look at them before you commit them.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import resvg_py
from fetchdeck.core.engine.engine import Engine
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.job import Options
from fetchdeck.core.loops import run as run_loop
from fetchdeck.core.snapshot import RunState
from fetchdeck.tui import theme
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.demo.setup import demo_job, demo_setup
from textual.pilot import Pilot

HERE = Path(__file__).parent
FONT = "DejaVu Sans Mono"
FAULTS = "429=3%,500=3%,reset=1%,slow=1%"
Deck = Pilot[None]


@dataclass(frozen=True)
class Picture:
    """One screen of the dashboard, and how to get there."""

    name: str
    size: tuple[int, int]
    ready: Callable[[Engine], bool]
    keys: tuple[str, ...] = ()
    rows: int = 27_000
    retries: int = 2


def after(seconds: float) -> Callable[[Engine], bool]:
    """Wait until the run is so old."""
    return lambda engine: engine.snapshot().elapsed_s >= seconds


def finished(engine: Engine) -> bool:
    """Wait until the run has ended."""
    return engine.snapshot().state is RunState.FINISHED


PICTURES = (
    Picture("dashboard-120x40", (120, 40), after(40)),
    Picture("dashboard-80x24", (80, 24), after(12)),
    Picture("dashboard-200x60", (200, 60), after(20), ("2",)),
    Picture("failed-120x40", (120, 40), after(12), ("3", "slash", *"status:5xx", "enter"), retries=0),
    Picture("causes-120x40", (120, 40), after(12), ("4",), retries=0),
    Picture("hosts-120x40", (120, 40), after(12), ("5",)),
    Picture("inspect-120x40", (120, 40), after(10), ("2", "home", "down", "enter")),
    Picture("help-120x40", (120, 40), after(5), ("question_mark",)),
    Picture("finished-120x40-light", (120, 40), finished, ("3",), rows=3000, retries=0),
)


async def take(picture: Picture, folder: Path) -> None:
    """Run the demo until the picture is ready, and keep it as SVG and PNG."""
    setup = demo_setup(picture.rows, 333, FAULTS, no_faults=False)
    with demo_job(folder, setup) as (job, environ):
        options = Options(concurrency=100, retries=picture.retries)
        async with open_run(job, options, folder, environ=environ) as engine:
            app = FetchdeckApp(engine)
            async with app.run_test(size=picture.size) as pilot:
                if picture.name.endswith("light"):
                    app.theme = theme.LIGHT.name
                await until(pilot, lambda: picture.ready(engine))
                await pilot.press(*picture.keys)
                await pilot.pause(1.0)
                keep(app.export_screenshot(title="fetchdeck"), HERE / picture.name)
            engine.abandon()


async def until(pilot: Deck, condition: Callable[[], bool]) -> None:
    """Let the app live until something is so."""
    while not condition():
        await pilot.pause(0.1)


def keep(svg: str, path: Path) -> None:
    """Write a picture with fonts that are at hand: Textual's export would load one from the network."""
    plain = re.sub(r"@font-face\s*\{[^}]*\}", "", svg).replace("Fira Code", FONT)
    path.with_suffix(".svg").write_text(plain)
    path.with_suffix(".png").write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=plain, zoom=1.0)))


def main() -> None:
    """Take all pictures."""
    for picture in PICTURES:
        folder = Path(tempfile.mkdtemp()) / "places.run"
        work: Callable[[], Awaitable[None]] = lambda picture=picture, folder=folder: take(picture, folder)  # noqa: E731
        run_loop(work)  # type: ignore[arg-type]
        shutil.rmtree(folder.parent)
        print(picture.name)  # noqa: T201


if __name__ == "__main__":
    main()
