"""What is installed, and what importing it loads."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = {".py", ".tcss", ".csv", ".md", ".typed"}


def test_the_wheel_holds_every_file_of_the_two_folders_and_nothing_else() -> None:
    # Building leaves metadata in the checkout too; what pip has installed has a RECORD.
    wheels = [one for one in metadata.distributions(name="fetchdeck") if one.read_text("RECORD")]
    installed = {str(path) for one in wheels for path in one.files or ()}
    if not any(path.startswith("fetchdeck/core/") for path in installed):
        pytest.skip("an editable installation lists no modules")
    ours = {path for path in installed if path.startswith("fetchdeck/") and "__pycache__" not in path}
    wanted = {
        f"fetchdeck/{file.relative_to(ROOT)}"
        for folder in ("core", "tui")
        for file in (ROOT / folder).rglob("*")
        if file.suffix in SOURCES or file.name == "py.typed"
    }
    assert ours == wanted
    rest = {path for path in installed - ours if "__pycache__" not in path}
    assert all(path.startswith("fetchdeck-") or path.endswith("bin/fetchdeck") for path in rest), rest
    assert {"fetchdeck/tui/data/places.csv", "fetchdeck/tui/app.tcss", "fetchdeck/core/py.typed"} <= ours


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("fetchdeck.core.engine.run", ("textual", "rich", "click", "regex", "jmespath", "aiohttp", "html")),
        ("fetchdeck.tui.cli", ("textual", "aiohttp", "jinja2")),
        ("fetchdeck.tui.run_commands", ("textual", "rich", "aiohttp", "jinja2")),
        (
            "fetchdeck.tui.session",
            ("textual", "rich", "fetchdeck.core.export", "aiohttp", "zoneinfo", "idna", "email.utils"),
        ),
        ("fetchdeck.core.transport.http", ("importlib.metadata",)),
        (
            "fetchdeck.tui.dashboard",
            (
                "fetchdeck.tui.screens.inspect",
                "fetchdeck.tui.screens.help",
                "fetchdeck.core.export",
                "aiohttp",
                "tomllib",
            ),
        ),
    ],
)
def test_importing_one_part_loads_no_other(module: str, unwanted: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print([name for name in {unwanted!r} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("template", "loaded"),
    [("http://h/{{ a }}?k={{ env.K }}&u={{ u | safe }}", False), ("{{ a | upper }}", True)],
)
def test_only_templates_that_say_more_load_jinja(template: str, loaded: bool) -> None:
    code = (
        "import sys; from fetchdeck.core.job import Templates; "
        "from fetchdeck.core.requests.templates import RequestBuilder; "
        f"RequestBuilder(Templates(url={template!r}), {{'K': 'k'}}).renew((('A', '{{{{ b }}}}'),), {{}}); "
        "print('jinja2' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(loaded)
