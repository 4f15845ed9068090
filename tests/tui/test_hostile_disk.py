"""What a run leaves on disk: its owner's alone, named by nobody else, and written through no link."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path
from stat import S_IMODE

import pytest

from ..support.fault_server import FaultServer, Script, Send, reply

COMMAND = (sys.executable, "-c", "from fetchdeck.tui.cli import main; main()")
LARGE = b"x" * 300_000
"""Too large for the journal."""
NAMES = (
    "../../../evil",
    "/etc/evil",
    "..%2f..%2fevil",
    "evil\x1b[95m.sh",
    ".bashrc",
    "con",
    "-rf",
    "a/../../evil",
)
BODY = re.compile(r"bodies/\d+/\d+-\d+\.body")
LINKED = ("journal.sqlite", "journal.sqlite-wal", "fetchdeck.log", "lock", "bodies")


async def fetchdeck(folder: Path, *arguments: str, umask: int = 0o022) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=lambda: os.umask(umask),
    )
    _, errors = await process.communicate()
    return process.returncode or 0, errors.decode()


def large(name: str) -> Script:
    disposition = f"attachment; filename={name}; filename*=UTF-8''{name}"
    return (Send(reply(LARGE, Content_Disposition=disposition, Content_Location=name, X_Filename=name)),)


def modes(folder: Path) -> dict[int, list[str]]:
    """The names below a folder by their permissions, folders with a slash."""
    found: dict[int, list[str]] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder)) + "/" * path.is_dir()
        found.setdefault(S_IMODE(path.stat().st_mode), []).append(name)
    return found


@pytest.mark.parametrize("umask", [0, 0o022, 0o077, 0o777], ids=oct)
async def test_a_run_is_private_and_names_its_files_itself(tmp_path: Path, umask: int) -> None:
    async with FaultServer(default=large("../evil")) as server:
        server.scripts = {f"/{n}/{name}": large(name) for n, name in enumerate(NAMES)}
        (tmp_path / "u.txt").write_text("".join(f"{server.url(path)}\n" for path in server.scripts))
        (tmp_path / "u.txt").chmod(0o644)
        told = await fetchdeck(
            tmp_path, "run", "u.txt", "--headless", "--run", "deep/u.run", "-o", "u.jsonl", umask=umask
        )
    assert told[0] in (0, 1), told[1]
    run = tmp_path / "deep" / "u.run"
    assert {path.name for path in tmp_path.iterdir()} == {"u.txt", "deep", "u.jsonl"}
    assert S_IMODE(run.stat().st_mode) == 0o700
    assert S_IMODE((tmp_path / "u.jsonl").stat().st_mode) == 0o600
    found = modes(run)
    assert set(found) == {0o600, 0o700}
    assert found[0o700] == ["bodies/", "bodies/00000/"]
    bodies = [name for name in found[0o600] if name.startswith("bodies/")]
    assert len(bodies) >= len(NAMES) - 1  # a control character makes one of the URLs invalid
    assert all(BODY.fullmatch(name) for name in bodies)
    assert set(found[0o600]) - set(bodies) <= {
        "fetchdeck.log", "journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "lock"
    }  # fmt: skip


@pytest.mark.parametrize("name", LINKED)
async def test_a_link_in_the_run_folder_is_refused_and_what_it_leads_to_is_spared(
    tmp_path: Path, name: str
) -> None:
    run, elsewhere = tmp_path / "u.run", tmp_path / "precious"
    run.mkdir()
    if name == "bodies":
        elsewhere.mkdir()
    else:
        elsewhere.write_text("precious")
    (run / name).symlink_to(elsewhere)
    (tmp_path / "u.txt").write_text("http://127.0.0.1:9/\n")
    for fresh in ((), ("--fresh",)):
        status, errors = await fetchdeck(tmp_path, "run", "u.txt", "--headless", *fresh)
        assert status == 2
        assert f"{name} is a symbolic link" in errors or (name == "journal.sqlite" and "damaged" in errors)
        assert "Traceback" not in errors
        assert (run / name).is_symlink()
        assert not list(elsewhere.iterdir()) if name == "bodies" else elsewhere.read_text() == "precious"


async def test_a_journal_that_leads_nowhere_is_not_made_there(tmp_path: Path) -> None:
    run = tmp_path / "u.run"
    run.mkdir()
    (run / "journal.sqlite").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "u.txt").write_text("http://127.0.0.1:9/\n")
    status, errors = await fetchdeck(tmp_path, "run", "u.txt", "--headless")
    assert (status, "journal.sqlite is a symbolic link" in errors) == (2, True)
    assert not (tmp_path / "elsewhere").exists()


async def test_a_linked_run_folder_is_fine_and_a_shared_one_keeps_its_modes(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    real.chmod(0o755)
    (real / "mine.txt").write_text("kept")
    (tmp_path / "u.run").symlink_to(real)
    async with FaultServer(default=large("x")) as server:
        (tmp_path / "u.txt").write_text(server.url("/") + "\n")
        assert (await fetchdeck(tmp_path, "run", "u.txt", "--headless"))[0] == 0
    assert S_IMODE(real.stat().st_mode) == 0o755
    found = modes(real)
    assert found.pop(0o644) == ["mine.txt"]
    assert set(found) == {0o600, 0o700}
