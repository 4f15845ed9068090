"""Job files: what they mean, what is refused and where, and that the command line wins."""

from __future__ import annotations

import json
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from fetchdeck.core.engine.run import stored_job
from fetchdeck.core.errors import OptionError
from fetchdeck.core.job import Job, Options, Templates
from fetchdeck.tui.cli import cli
from fetchdeck.tui.job_command import is_job_file
from fetchdeck.tui.job_file import JobFileError, key_of, read_job_file
from fetchdeck.tui.options import DEFAULTS, build_job, build_options
from fetchdeck.tui.run_commands import run
from fetchdeck.tui.toml_lines import Way, key_lines
from hypothesis import given
from hypothesis import strategies as st

from ..support.canaries import EchoServer, leaks, leaks_below
from ..support.commands import fetchdeck
from ..support.toml_documents import Document, documents

EVERY_OPTION = """
input = "data/places.csv"
url = "https://api/x?id={{ id }}&key={{ env.KEY }}"
method = "post"
data = '''
a={{ a }}
'''
format = "csv"
concurrency = 200
rate = "10/s"
rate-per-host = 2
burst = 3
per-host = 7
auto = true
auto-min = 2
auto-max = 90
quota = "1000/day"
cost = 0.00001
retries = 2
retry-on = "429,5xx,timeout"
ok-if = ["status == `200`", "body.ok"]
fail-if = "body.error"
retry-if = []
timeout = 2.5
connect-timeout = 3
max-body = "1MiB"
max-failures = "20%"
stop-on = "401,403"
time-limit = "2h30m"
canary = 3
insecure = true
cookies = true
proxy = "http://127.0.0.1:3128"
run = "x.run"
fresh = true
output = "-"
headless = true
keep-running = true

[header]
Authorization = "Bearer {{ env.TOKEN }}"
"X-More" = "a: b"
"""
EXPECTED = Options(
    concurrency=200, rate=10.0, rate_per_host=2.0, burst=3, per_host=7, auto=True, auto_min=2, auto_max=90,
    quota="1000/day", cost="0.00001", retries=2, retry_on="429,5xx,timeout", ok_if=("status == `200`", "body.ok"),
    fail_if=("body.error",), timeout_s=2.5, connect_timeout_s=3.0, max_body=2**20, max_failures="20%",
    stop_on="401,403", time_limit_s=9000.0, canary=3, insecure=True, cookies=True, proxy="http://127.0.0.1:3128",
)  # fmt: skip


def parsed(folder: Path, text: str, *arguments: str) -> dict[str, Any]:
    """What `fetchdeck run job.toml` with these arguments is called with."""
    path = folder / "job.toml"
    path.write_text(text)
    return run.make_context("run", [str(path), *arguments]).params


def refused(folder: Path, text: str | bytes) -> list[str]:
    """What is said of a job file that cannot be used, without its path."""
    path = folder / "job.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(JobFileError) as error:
        read_job_file(path, run.params, click.Context(run))
    assert all(line.startswith(f"{path}:") for line in error.value.lines)
    return [line.removeprefix(f"{path}:") for line in error.value.lines]


def test_every_option_has_its_meaning(tmp_path: Path) -> None:
    found = parsed(tmp_path, EVERY_OPTION)
    templates = Templates(
        url="https://api/x?id={{ id }}&key={{ env.KEY }}",
        method="POST",
        headers=(("Authorization", "Bearer {{ env.TOKEN }}"), ("X-More", "a: b")),
        data="a={{ a }}\n",
    )
    job = build_job(found["source"], found)
    assert (job.input, job.templates) == (str(tmp_path / "data/places.csv"), templates)
    assert build_options(DEFAULTS, found) == EXPECTED
    assert (found["folder"], found["output"]) == (tmp_path / "x.run", Path("-"))
    assert (found["fresh"], found["headless"], found["tui"], found["keep_running"]) == (
        True,
        True,
        False,
        True,
    )


def test_no_option_is_forgotten_above() -> None:
    exclusive = {"json", "tui", "env-proxy", "stop-if"}
    assert {key_of(param) for param in run.params} - exclusive == set(tomllib.loads(EVERY_OPTION))


def test_options_of_the_command_line_win(tmp_path: Path) -> None:
    arguments = ["-c", "9", "--rate", "none", "-H", "authorization: new", "--ok-if", "none", "--env-proxy"]
    found = parsed(tmp_path, EVERY_OPTION, *arguments, "--json", "{}", "--tui", "--run", "y.run", "--no-auto")
    options = build_options(DEFAULTS, found)
    assert (options.concurrency, options.rate, options.ok_if, options.auto) == (9, None, (), False)
    assert (options.proxy, options.env_proxy) == (None, True)
    assert (found["data"], found["json_body"]) == (None, "{}")
    assert (found["headless"], found["tui"]) == (None, True)
    assert found["headers"] == (("X-More", "a: b"), ("authorization", "new"))
    assert found["folder"] == Path("y.run")
    assert options.retries == 2


def test_the_folder_is_named_after_the_job_file_and_stands_in_the_working_directory(tmp_path: Path) -> None:
    assert parsed(tmp_path, 'input = "-"')["folder"] == Path("job.run")
    assert parsed(tmp_path, 'input = "-"')["source"] == "-"


FAULTS: list[tuple[str | bytes, list[str]]] = [
    ('input = "a.csv"\nretires = 3', ["2: there is no option 'retires'. Did you mean 'retries'?"]),
    ('input = "a.csv"\nretry_on = "429"', ["2: there is no option 'retry_on'. Did you mean 'retry-on'?"]),
    ('c = 5\ninput = "a.csv"', ["1: there is no option 'c'. Did you mean 'concurrency'?"]),
    ('headers = []\ninput = "a.csv"', ["1: there is no option 'headers'. Did you mean 'header'?"]),
    (
        'input = "a.csv"\n\n[zzz]\nrate = 1',
        ["3: there is no option 'zzz'. Options stand at the top, in no table."],
    ),
    ("", [" input is missing."]),
    ('input = ["a.csv"]', ["1: input wants a text, not a list."]),
    ('input = ""', ["1: input names no file: it is empty."]),
    ('input = "a\\u0000b"', ["1: input has a NUL in it."]),
    ('input = "a.csv"\nconcurrency = "200"', ["2: concurrency wants a whole number, not a text."]),
    ('input = "a.csv"\nconcurrency = 2.5', ["2: concurrency wants a whole number, not a number."]),
    ('input = "a.csv"\nconcurrency = true', ["2: concurrency wants a whole number, not true or false."]),
    ('input = "a.csv"\nconcurrency = 0', ["2: concurrency: 0 is not in the range x>=1."]),
    ('input = "a.csv"\nper-host = 2.0', ["2: per-host wants a whole number or 'none', not a number."]),
    ('input = "a.csv"\ntimeout = "1s"', ["2: timeout wants a number, not a text."]),
    ('input = "a.csv"\ntimeout = nan', ["2: timeout: nan is no number of seconds."]),
    ('input = "a.csv"\ninsecure = 1', ["2: insecure wants true or false, not a number."]),
    ('input = "a.csv"\nrate = 1979-05-27', ["2: rate wants a text or a number, not a date."]),
    ('input = "a.csv"\nurl = 5', ["2: url wants a text, not a number."]),
    ('input = "a.csv"\nheader = ["A: b",\n "no"]', ["3: header: a header without a colon. Write 'Name: value'."]),
    ('input = "a.csv"\n[header]\nA = "b"\nB = 1', ["4: header 'B' wants a text, not a number."]),
    (
        'input = "a.csv"\nheader."A:b" = "c"',
        ["2: header: what stands before the colon is no header name (RFC 9110, section 5.1)."],
    ),
    ('input = "a.csv"\nproxy = "ftp://u:s3cret@h"\n', ["2: proxy: this is no URL of a proxy."]),
    ('input = "a.csv"\nformat = "xml"', ["2: format: 'xml' is not one of"]),
    ('input = "a.csv"\nstop-on = "401,soon"', ["2: stop-on: 'soon' is neither a status such as"]),
    (
        'a = 1\nrate = "ten"\ninput = 1\nretries = -1',
        [
            "1: there is no option 'a'.",
            "2: rate: 'ten' is no rate.",
            "3: input wants a text",
            "4: retries: -1 is not in the range",
        ],
    ),
    ('input = "a.csv"\nurl = "x\n', ["2: this is no TOML: Illegal character"]),
    ('input = "a.csv"\ninput = "b.csv"', ["2: this is no TOML: Cannot overwrite a value."]),
    ('input = "a.csv"\nrate = "', ["2: this is no TOML: "]),
    (b'input = "a.csv"\n\nurl = "\xff"', ["3: this is not UTF-8, as TOML has to be."]),
    (f"retries = {'9' * 5000}", [" a number in it has too many digits."]),
    ("timeout = 1e99999999999999999999", [" a number in it has too many digits."]),
    (f"retries = {'[' * 5000}", [" this is no job file: lists or tables stand too deep in others."]),
    ("#" * (2**20 + 1), [" this is no job file: it is larger than a mebibyte."]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "lines"), FAULTS, ids=range(len(FAULTS)))
def test_all_that_is_wrong_is_told_with_its_line(tmp_path: Path, text: str | bytes, lines: list[str]) -> None:
    told = refused(tmp_path, text)
    assert len(told) == len(lines), told
    for one, expected in zip(told, lines, strict=True):
        assert one.startswith(expected)
    assert "s3cret" not in "".join(told)


@pytest.mark.parametrize(
    ("text", "arguments", "told"),
    [
        ('data = "a"\njson = "b"\ninput = "a.csv"', [], "job.toml:1: --data and --json exclude each other"),
        (
            'input = "a.csv"\nauto-max = 2\n',
            ["--auto-min", "3"],
            "job.toml:2: --auto-min 3 is above --auto-max 2",
        ),
        ('\ninput = "a.csv"', [], "job.toml:2: There is no input a.csv"),
        ('input = "job.toml"\nformat = "txt"\n\nurl = "{{ x"', [], "job.toml:4: --url"),
        ('input = "job.toml"\nformat = "txt"\n\nurl = "{{ x"', ["--url", "{{ y"], "--url"),
    ],
)
async def test_what_turns_out_later_is_told_with_its_line_too(
    tmp_path: Path, text: str, arguments: list[str], told: str
) -> None:
    (tmp_path / "job.toml").write_text(text)
    done = await fetchdeck(tmp_path, "run", "job.toml", "--headless", *arguments)
    assert done.status == 2
    assert f"fetchdeck: {told}" in done.told
    assert len(done.told.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["job.toml"]


def test_a_job_file_that_is_not_there_or_hostile_is_refused_harmlessly(tmp_path: Path) -> None:
    gone = CliRunner().invoke(cli, ["run", f"{tmp_path}/gone.toml"])
    assert (gone.exit_code, "gone.toml: the job file cannot be read: No such file" in gone.stderr) == (
        2,
        True,
    )
    (tmp_path / "job.toml").write_text('"\\u001b[31m\\n" = 1')
    hostile = CliRunner().invoke(cli, ["run", str(tmp_path / "job.toml")])
    assert hostile.exit_code == 2
    assert "\x1b" not in hostile.stderr
    assert "␛[31m" in hostile.stderr


@pytest.mark.parametrize("command", ["resume", "retry"])
def test_resume_says_what_to_do_with_a_job_file(tmp_path: Path, command: str) -> None:
    path = tmp_path / "places.toml"
    path.write_text('input = "a.csv"')
    result = CliRunner().invoke(cli, [command, str(path)])
    assert result.exit_code == 2
    assert f"places.toml is a job file, and no run folder. 'fetchdeck run {path}' goes on" in result.stderr
    assert "places.run" in result.stderr


def test_a_folder_may_have_the_name_of_a_job_file(tmp_path: Path) -> None:
    (tmp_path / "x.toml").mkdir()
    assert not is_job_file(str(tmp_path / "x.toml"))
    assert is_job_file("some/Job.TOML")
    assert not is_job_file("-")


async def test_no_secret_of_a_job_file_reaches_disk_or_screen(tmp_path: Path) -> None:
    secrets = ("CnryHeader9c", "CnryQuery77aQ", "CnryPass3f", "CnryBody7j")
    header, query, password, body = secrets
    (tmp_path / "in.csv").write_text("kind,id\nok,1\nerror,2\ndrop,3\n")
    async with EchoServer() as server:
        job = tmp_path / "jobs" / "job.toml"
        job.parent.mkdir()
        job.write_text(f"""
input = "../in.csv"
url = "http://u:{password}@127.0.0.1:{server.port}/{{{{ kind }}}}/{{{{ id }}}}?key={query}"
header = {{ X-Api-Key = "{header}" }}
json = '{{"password": "{body}"}}'
retries = 0
run = "../x.run"
concurrency = 7
ok-if = "header('x-api-key') == '{header}' || status == `200`"
""")
        done = await fetchdeck(tmp_path, "run", "jobs/job.toml", "--headless", "--output", "out.jsonl")
        assert done.status == 1, done.told
        assert all(any(secret.encode() in told for told in server.told) for secret in (header, query, body))
        again = await fetchdeck(tmp_path, "resume", "x.run", "--headless")
        wrong = tmp_path / "jobs" / "wrong.toml"
        wrong.write_text(f'input = 5\nurl = ["key={query}"]\n"key={query}" = 1\nheader = "{header}"\n')
        refusal = await fetchdeck(tmp_path, "run", "jobs/wrong.toml")
    assert again.status == refusal.status == 2
    assert "wrong.toml:1: input wants a text" in refusal.told
    for told in (done.told, again.told, refusal.told):
        assert leaks(told, secrets) == []
    assert leaks_below(tmp_path / "x.run", secrets) == []
    assert leaks((tmp_path / "out.jsonl").read_bytes(), secrets) == []


async def test_a_job_file_goes_on_with_its_run(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("http://127.0.0.1:1/\n")
    (tmp_path / "job.toml").write_text('input = "in.txt"\nretries = 0\nconcurrency = 7\n')
    first = await fetchdeck(tmp_path, "run", "job.toml", "--headless", environ={"TOKEN": "t"})
    second = await fetchdeck(tmp_path, "run", "job.toml", "--headless", "-c", "9")
    assert (first.status, second.status) == (1, 1)
    job, options = stored_job(tmp_path / "job.run")
    assert (job, options.concurrency) == (Job(str(tmp_path / "in.txt")), 9)


# Where keys stand


@given(documents())
def test_every_key_is_found_where_it_was_written(made: Document) -> None:
    assert set(ways(tomllib.loads(made.text), ())) == set(made.lines)
    assert dict(key_lines(made.text)) == made.lines
    assert dict(key_lines(made.text.replace("\n", "\r\n"))) == made.lines


def ways(value: object, way: Way) -> Iterator[Way]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield (*way, key)
            yield from ways(one, (*way, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield (*way, number)
            yield from ways(one, (*way, number))


@given(st.text(alphabet="ab=.[]{}\"'\\#,\n 01-", max_size=60))
def test_the_search_for_lines_ends_on_any_text(text: str) -> None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(key_lines(text)) == set(ways(document, ()))


scalars = st.one_of(
    st.booleans(), st.integers(-5, 2000), st.floats(), st.text(max_size=8), st.just([1]), st.just({"a": "b"})
)


@given(key=st.sampled_from([key_of(param) for param in run.params]), value=scalars)
def test_any_value_of_any_option_is_taken_or_refused_with_its_line(key: str, value: object) -> None:
    first = "" if key == "input" else 'input = "a.csv"\n'
    line = 1 + len(first.splitlines())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "job.toml")
        path.write_text(f"{first}{key} = {toml(value)}\n", encoding="utf-8")
        try:
            found = run.make_context("run", [str(path)]).params
        except JobFileError as error:
            said = error.lines
        else:
            said = []
            # What two options make together may still be refused.
            with suppress(OptionError):
                build_options(DEFAULTS, found)
            build_job(found["source"], found)
    assert [text for text in said if not text.startswith(f"{path}:{line}: {key}")] == []


def toml(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value.encode(errors="replace").decode(), ensure_ascii=False).replace(
            "\x7f", "\\u007f"
        )
    if isinstance(value, dict):
        return "{ a = 'b' }"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def test_a_home_folder_is_found_and_no_other_variable_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    found = parsed(tmp_path, 'input = "~/a.csv"\noutput = "$HOME/b.csv"')
    assert found["source"] == "/home/ann/a.csv"
    assert found["output"] == tmp_path / "$HOME/b.csv"
