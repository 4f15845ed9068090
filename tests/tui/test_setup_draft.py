"""What is typed before there is a run, and the command line, requests and job file that it comes to."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest
from fetchdeck.core.errors import InputError, OptionError
from fetchdeck.core.model import State
from fetchdeck.tui.job_file import read_job_file
from fetchdeck.tui.run_commands import run as run_command
from fetchdeck.tui.screens.setup.path_field import completed
from fetchdeck.tui.setup.draft import Draft, free_folder
from fetchdeck.tui.setup.found import FoundRun, estimate_rows, look_around
from fetchdeck.tui.setup.job_text import job_text
from fetchdeck.tui.setup.preview import FirstRows, first_rows, preview
from fetchdeck.tui.setup.typed_path import look_up
from hypothesis import given
from hypothesis import strategies as st

from ..support.journal_factory import Made, make_journal

FULL = Draft(
    "places.csv",
    url="https://api.example/{{ id }}?key={{ env.KEY }}",
    method="put",
    headers="Accept: text/plain\n\nX-Name: {{ name }}\n",
    body='{"id": {{ id }}}',
    concurrency="70",
    rate="10/s",
    retries="0",
    folder="places-2.run",
)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with an input."""
    monkeypatch.chdir(tmp_path)
    Path("places.csv").write_text("id,name,token\n1,Paris,sesame\n2,Rome,sesame\n")
    return tmp_path


async def rows(source: str = "places.csv") -> FirstRows:
    return await first_rows(source)


def test_what_is_left_alone_is_left_out_of_the_command_line() -> None:
    assert Draft("urls.txt").arguments() == ["run", "urls.txt"]
    assert Draft("-x.txt").arguments() == ["run", "./-x.txt"]
    assert Draft("urls.txt").arguments(canary=True)[-2:] == ["--canary", "3"]
    assert Draft("a b.txt").command() == "fetchdeck run 'a b.txt'"


def test_the_command_line_is_one_that_run_takes() -> None:
    ctx = run_command.make_context("run", FULL.arguments(canary=True)[1:])
    given = ctx.params
    assert (given["url"], given["method"], given["json_body"]) == (FULL.url, "PUT", FULL.body)
    assert given["headers"] == (("Accept", "text/plain"), ("X-Name", "{{ name }}"))
    assert (given["concurrency"], given["rate"], given["retries"], given["canary"]) == (70, 10.0, 0, 3)
    assert given["folder"] == Path("places-2.run")
    assert shlex.split(FULL.command())[1:] == FULL.arguments()


def test_a_body_that_is_no_json_is_a_form() -> None:
    assert "--data" in Draft("a.csv", body="a={{ a }}").arguments()
    assert "--json" in Draft("a.csv", body=" [1]").arguments()


def test_a_secret_that_was_typed_is_masked_in_the_command_line_that_is_shown() -> None:
    draft = Draft(
        "a.csv",
        url="https://api.example/?api_key=sesame&x={{ env.KEY }}",
        headers="Authorization: Bearer sesame",
    )
    assert "sesame" in " ".join(draft.arguments())
    assert "sesame" not in draft.command()
    assert "{{ env.KEY }}" in draft.command()


@pytest.mark.parametrize(
    ("draft", "says"),
    [
        (Draft("a.csv", concurrency="0"), "Concurrency: '0' is no number of 1 or more."),
        (Draft("a.csv", retries="some"), "Retries: 'some' is no number of 0 or more."),
        (Draft("a.csv", rate="fast"), "Rate: 'fast' is no rate."),
        (Draft("a.csv", headers="no colon"), "a header without a colon"),
        (Draft("a.csv", method="G T"), "is no method name"),
    ],
)
def test_what_cannot_be_is_a_sentence(draft: Draft, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        draft.arguments()


@given(st.text(max_size=8), st.text(max_size=8))
def test_whatever_is_typed_becomes_arguments_or_a_sentence(number: str, text: str) -> None:
    try:
        words = Draft("a.csv", concurrency=number, url=text, headers=text, body=text).arguments()
    except OptionError:
        return
    assert words[:2] == ["run", "a.csv"]


def test_a_job_file_says_the_same(places: Path) -> None:
    path = places / "job.toml"
    path.write_text(job_text(FULL))
    with click.Context(run_command) as ctx:
        given = read_job_file(path, run_command.params, ctx).given
    assert given["url"] == FULL.url
    assert given["concurrency"] == "70" or given["concurrency"] == 70
    assert str(given["source"]).endswith("places.csv")
    assert {"method", "headers", "json_body", "rate", "retries", "folder"} <= set(given)


@pytest.mark.parametrize(
    "draft",
    [
        Draft("a.csv", url="https://api.example/?api_key=sesame"),
        Draft("a.csv", headers="Accept: a/b\nAuthorization: Bearer sesame"),
        Draft("a.csv", body='{"password": "sesame"}'),
    ],
)
def test_a_secret_is_written_to_no_job_file(draft: Draft) -> None:
    with pytest.raises(OptionError, match=r"env\.NAME") as refused:
        job_text(draft)
    assert "sesame" not in str(refused.value)
    assert "{{ env.KEY }}" in job_text(Draft("a.csv", headers="Authorization: Bearer {{ env.KEY }}"))


async def test_the_first_rows_are_rendered_with_secrets_masked(places: Path) -> None:
    draft = Draft(
        "places.csv",
        url="https://api.example/{{ name }}?token={{ token }}&k={{ env.KEY }}",
        body='{"id": {{ id }}}',
    )
    now = preview(await rows(), draft, {"KEY": "open"})
    assert now.problem == ""
    assert [one.url for one in now.requests] == [
        "https://api.example/Paris?token=***&k=***",
        "https://api.example/Rome?token=***&k=***",
    ]
    assert now.requests[0].method == "POST"
    assert now.requests[1].body == '{"id": 2}'
    assert ("Content-Type", "application/json") in now.requests[0].headers


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "no column 'url': write a URL above, such as https://example.com/{{ "),
        ("https://x.example/{{ nam }}", "Did you mean 'name'?"),
        ("https://x.example/{{ id", "is not a valid template"),
        ("https://x.example/{{ env.NOT_SET }}", "environment variable NOT_SET is not set"),
        ("no url {{ id }}", "None of the first rows can become a request"),
    ],
)
async def test_what_is_wrong_with_a_template_is_told_beside_the_rows(
    places: Path, url: str, says: str
) -> None:
    now = preview(await rows(), Draft("places.csv", url=url), {})
    assert says in now.problem
    assert now.requests or now.rows[0] == "line 2  id=1  name=Paris  token=***"


async def test_one_row_that_cannot_become_a_request_does_not_keep_the_others(places: Path) -> None:
    (places / "r.jsonl").write_text('{"url": "http://a.example/"}\nno json\n{"id": 3}\n')
    now = preview(await rows("r.jsonl"), Draft("r.jsonl"), {})
    assert now.problem == ""
    assert [bool(one.error) for one in now.requests] == [False, True, True]


async def test_an_input_without_rows_cannot_start(places: Path) -> None:
    (places / "none.txt").write_text("\n")
    assert preview(await rows("none.txt"), Draft("none.txt"), {}).problem == "none.txt has no rows."
    with pytest.raises(InputError):
        await first_rows("missing.txt")


def test_a_folder_tells_its_inputs_and_runs(places: Path) -> None:
    (places / "notes.md").write_text("nothing")
    make_journal(places / "b.run" / "journal.sqlite", [Made(State.SUCCEEDED, status=200)] * 3)
    (places / "broken.run").mkdir()
    (places / "broken.run" / "journal.sqlite").write_bytes(b"no journal" * 99)
    found = look_around(places)
    assert [(one.path.name, one.rows, one.exact) for one in found.inputs] == [("places.csv", 2, True)]
    by_name = {run.path.name: run for run in found.runs}
    whole = by_name["b.run"].status
    assert whole is not None
    assert whole.counts.succeeded == 3
    assert "damaged" in by_name["broken.run"].trouble
    assert "cannot be listed" in look_around(places / "missing").trouble
    assert isinstance(look_up(str(places / "b.run")), FoundRun)
    assert look_up("places.csv") == Path("places.csv")
    with pytest.raises(InputError, match="There is no missing"):
        look_up("missing")


@given(st.integers(1, 400), st.integers(1, 60), st.booleans())
def test_rows_of_one_length_are_estimated_well(count: int, length: int, headed: bool) -> None:
    text = b"x" * length + b"\n"
    whole = text * count
    assert estimate_rows(whole, len(whole), headed=headed) == count - headed
    assert abs(estimate_rows(whole, 10 * len(whole), headed=headed) - 10 * count) <= 1


def test_a_path_is_completed_by_what_is_there(places: Path) -> None:
    (places / "data").mkdir()
    (places / "data" / "x.jsonl").touch()
    assert completed("pl") == "places.csv"
    assert completed("d") == "data/"
    assert completed("data/x") == "data/x.jsonl"
    assert completed(f"{places}/pl") == f"{places}/places.csv"
    assert completed("nothing") is None
    assert completed("missing/x") is None


def test_a_taken_run_folder_is_left_alone(places: Path) -> None:
    assert free_folder("places.csv") == ""
    (places / "places.run").mkdir()
    (places / "places-2.run").mkdir()
    assert free_folder("places.csv") == "places-3.run"
