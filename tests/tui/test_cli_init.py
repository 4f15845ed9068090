"""`fetchdeck init`: a job file that says everything, reads back, and takes no other file's place."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fetchdeck.core.job import Options
from fetchdeck.tui.cli import cli
from fetchdeck.tui.job_file import key_of
from fetchdeck.tui.options import DEFAULTS, build_job, build_options, front_end
from fetchdeck.tui.run_commands import run


def init(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["init", *arguments])


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def uncommented(text: str) -> str:
    return re.sub(r"^#(?=[a-z])", "", text, flags=re.MULTILINE)


def parsed(text: str) -> dict[str, Any]:
    Path("other.toml").write_text(text)
    return run.make_context("run", ["other.toml"]).params


def test_it_writes_a_private_file_and_says_how_to_go_on() -> None:
    result = init()
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Wrote job.toml. Edit it, and start with: fetchdeck run job.toml" in result.stderr
    assert Path("job.toml").stat().st_mode & 0o777 == 0o600
    assert Path("job.toml").read_text() == init("-").stdout


def test_every_option_stands_in_it_with_its_help_and_the_essentials_first() -> None:
    text = init("-").stdout
    keys = re.findall(r"^#?([a-z-]+) = ", text, re.MULTILINE)
    assert keys[:2] == ["input", "url"]
    assert sorted(keys) == sorted(key_of(param) for param in run.params)
    told = " ".join(line.removeprefix("# ") for line in text.splitlines())
    for param in run.params:
        assert getattr(param, "help", None) is None or getattr(param, "help") in told  # noqa: B009
    assert max(map(len, text.splitlines())) <= 112


def test_it_reads_back_as_it_is() -> None:
    found = parsed(init("-").stdout)
    assert set(tomllib.loads(init("-").stdout)) == {"input", "url"}
    assert build_options(DEFAULTS, found) == Options()
    job = build_job(found["source"], found)
    assert (job.input, job.templates.url) == ("places.csv", "https://api.example.com/places/{{ id }}")


def test_with_everything_uncommented_it_says_what_holds_without_it() -> None:
    text = uncommented(init("-").stdout)
    assert set(tomllib.loads(text)) == {key_of(param) for param in run.params}
    found = parsed(text)
    front_end(found)
    assert build_options(DEFAULTS, found) == Options()
    job = build_job(found["source"], found)
    assert (job.templates.data, job.templates.json) == (None, None)
    assert (found["folder"], found["output"], found["fresh"]) == (
        Path("places.run"),
        Path("places.jsonl"),
        False,
    )


@pytest.mark.parametrize("key", [key_of(param) for param in run.params])
def test_each_option_may_be_uncommented_by_itself(key: str) -> None:
    text = re.sub(rf"^#(?={key} = )", "", init("-").stdout, flags=re.MULTILINE)
    assert build_options(DEFAULTS, parsed(text)) == Options()


def test_it_takes_no_other_files_place_unless_it_is_told_to() -> None:
    path = Path("mine.toml")
    path.write_text("input = 'a.csv'\n")
    path.chmod(0o644)
    refused = init("mine.toml")
    assert refused.exit_code == 2
    assert "mine.toml is there already" in refused.stderr
    assert path.read_text() == "input = 'a.csv'\n"
    assert init("mine.toml", "--force").exit_code == 0
    assert path.read_text() == init("-").stdout
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in Path().iterdir()] == ["mine.toml"]


def test_it_follows_no_link() -> None:
    target = Path("target.toml")
    Path("job.toml").symlink_to(target)
    assert "is there already" in init().stderr
    assert not target.exists()
    target.write_text("kept")
    assert init("--force").exit_code == 0
    assert target.read_text() == "kept"
    assert not Path("job.toml").is_symlink()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("job.txt", "must end in .toml"),
        ("gone/job.toml", "cannot be written: No such file or directory"),
        ("folder.toml", "is there already"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(name: str, sentence: str) -> None:
    Path("folder.toml").mkdir()
    result = init(name)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert [entry.name for entry in Path().iterdir()] == ["folder.toml"]
    forced = init("folder.toml", "--force")
    assert (forced.exit_code, "cannot be written" in forced.stderr) == (2, True)
    assert [entry.name for entry in Path().iterdir()] == ["folder.toml"]
