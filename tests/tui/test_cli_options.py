from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from fetchdeck.core.errors import OptionError
from fetchdeck.core.job import InputFormat, Job, Options, Templates
from fetchdeck.tui.cli import cli
from fetchdeck.tui.options import (
    build_job,
    build_options,
    default_folder,
    effort_options,
    parse_header,
    parse_method,
    parse_size,
)
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

NOTHING: dict[str, Any] = {"url": None, "method": None, "headers": (), "data": None, "json_body": None}


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        *(("1", 1), ("500", 500), ("500b", 500), ("10MB", 10_000_000), ("10 mb", 10_000_000), ("1k", 1000)),
        *(("1KiB", 1024), ("1GiB", 2**30), ("1.5MiB", 3 * 2**19), ("2T", 2 * 10**12), ("4Gi", 2**32)),
    ],
)
def test_sizes_are_read(text: str, octets: int) -> None:
    assert parse_size(text) == octets


@pytest.mark.parametrize(
    "text", ["", "ten", "-1", "0", "0.5", "1iB", "1PB", "1e3", "10 M B", "inf", "9" * 40]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="--max-body"):
        parse_size(text)


@given(
    st.integers(1, 10**6),
    st.sampled_from(["", "k", "M", "g"]),
    st.sampled_from(["", "i"]),
    st.sampled_from(["", "B"]),
)
def test_every_unit_means_what_its_name_says(number: int, prefix: str, binary: str, octet: str) -> None:
    base = 1024 if binary else 1000
    power = ["", "k", "m", "g"].index(prefix.lower())
    text = f"{number}{prefix}{binary if prefix else ''}{octet}"
    assert parse_size(text) == number * (base if prefix else 1) ** power


@given(st.text(max_size=12))
def test_any_text_is_a_size_or_an_option_error(text: str) -> None:
    try:
        octets = parse_size(text)
    except OptionError:
        octets = 1
    assert octets >= 1


def test_headers_are_split_at_the_first_colon() -> None:
    assert parse_header("X-Time:  12:30 \t") == ("X-Time", "12:30")
    assert parse_header("Empty:") == ("Empty", "")


@pytest.mark.parametrize(
    "text", ["Authorization Bearer s3cret", ": s3cret", "A B: s3cret", "A: s3cret\r\nB: c", "Ä: s3cret"]
)
def test_a_bad_header_is_refused_without_its_value(text: str) -> None:
    with pytest.raises(OptionError) as refused:
        parse_header(text)
    assert "s3cret" not in str(refused.value)


def test_methods_are_tokens_in_capitals() -> None:
    assert parse_method("patch") == "PATCH"
    with pytest.raises(OptionError, match="--method"):
        parse_method("GET /")


def test_only_what_was_given_changes_a_runs_options() -> None:
    stored = Options(concurrency=7, rate=5.0, retries=0, insecure=True)
    nothing = {"concurrency": None, "rate": None, "insecure": None, "headers": (), "url": "x"}
    assert build_options(stored, nothing) == stored
    changed = build_options(stored, {"concurrency": 9, "rate": 0.0, "retries": 3})
    assert changed == Options(concurrency=9, rate=None, retries=3, insecure=True)


LIMITS = Options(
    rate=5.0,
    rate_per_host=1.0,
    quota="9/day",
    cost="0.017",
    max_failures="20%",
    stop_on="401",
    time_limit_s=60.0,
)


def taken_in(arguments: list[str]) -> Options:
    """The run's options LIMITS with these arguments given."""
    found: list[Options] = []

    @click.command()
    @effort_options(None)
    def command(**given: Any) -> None:
        found.append(build_options(LIMITS, given))

    command.main(arguments, standalone_mode=False)
    return found[0]


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        ([], {}),
        (["--rate", "600/m", "--rate-per-host", "7200/h"], {"rate": 10.0, "rate_per_host": 2.0}),
        (["--rate", "10", "--burst", "3"], {"rate": 10.0, "burst": 3}),
        (["--quota", "10/day@Asia/Tokyo", "--cost", "$0.5"], {"quota": "10/day@Asia/Tokyo", "cost": "$0.5"}),
        (["--auto", "--auto-min", "2", "--auto-max", "300"], {"auto": True, "auto_min": 2, "auto_max": 300}),
        (["--no-auto"], {"auto": False}),
        (["--max-failures", "7", "--stop-on", "5xx,tls"], {"max_failures": "7", "stop_on": "5xx,tls"}),
        (["--time-limit", "2h30m", "--canary", "3"], {"time_limit_s": 9000.0, "canary": 3}),
    ],
)
def test_limits_and_stop_conditions_are_taken_in(arguments: list[str], changes: dict[str, Any]) -> None:
    assert taken_in(arguments) == replace(LIMITS, **changes)


def test_rules_that_are_given_take_the_place_of_a_runs_own_of_the_same_option() -> None:
    stored = Options(ok_if=("body.ok",), stop_if=("status == `401`", "body.denied"))
    given = {"ok_if": (), "fail_if": None, "retry_if": ("body.busy", "bytes < `9`"), "stop_if": ("",)}
    assert build_options(stored, given) == replace(stored, retry_if=("body.busy", "bytes < `9`"), stop_if=())
    asked = taken_in(["--ok-if", "body.a", "--ok-if", "body.b", "--stop-if", "none"])
    assert asked == replace(LIMITS, ok_if=("body.a", "body.b"))


@pytest.mark.parametrize("word", ["none", "OFF", ""])
def test_none_lifts_what_a_run_had(word: str) -> None:
    names = ("rate", "rate-per-host", "quota", "cost", "max-failures", "stop-on", "time-limit")
    assert taken_in([part for name in names for part in (f"--{name}", word)]) == Options()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("http://old", False)),
        ({"proxy": None, "env_proxy": None}, ("http://old", False)),
        ({"proxy": "http://new"}, ("http://new", False)),
        ({"proxy": ""}, (None, False)),
        ({"env_proxy": True}, (None, True)),
        ({"proxy": "", "env_proxy": True}, (None, True)),
    ],
)
def test_a_proxy_that_is_given_takes_the_place_of_any_other(
    given: dict[str, Any], expected: tuple[str | None, bool]
) -> None:
    changed = build_options(Options(proxy="http://old"), given)
    assert (changed.proxy, changed.env_proxy) == expected
    lifted = build_options(Options(env_proxy=True), given)
    assert (lifted.proxy, lifted.env_proxy) == (expected if given.get("proxy") is not None else (None, True))


def test_a_job_takes_the_templates_over() -> None:
    job = build_job(
        "a.txt", {**NOTHING, "headers": (("A", "b"),), "method": "PUT", "data": "x", "input_format": "txt"}
    )
    assert job == Job("a.txt", Templates(method="PUT", headers=(("A", "b"),), data="x"), InputFormat.TXT)


@pytest.mark.parametrize(
    ("source", "folder"),
    [("-", "stdin.run"), ("data/places.csv", "places.run"), ("a.b.jsonl", "a.b.run"), ("..", "...run")],
)
def test_the_run_folder_is_named_after_the_input(source: str, folder: str) -> None:
    assert default_folder(source) == Path(folder)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run"], "Missing argument 'INPUT'"),
        (["run", "a.csv", "-c", "0"], "0 is not in the range x>=1"),
        (["run", "a.csv", "--rate", "ten"], "--rate: 'ten' is no rate"),
        (["run", "a.csv", "--retry-on", "6xx"], "--retry-on: '6xx' is no status"),
        (["run", "a.csv", "--retry-on", "429,timeot"], "--retry-on: 'timeot' is no status from 200 to 599"),
        (["run", "a.csv", "--ok-if", "status == 200"], "at 200: a number stands in backticks, as in `200`"),
        (
            ["run", "a.csv", "--fail-if", "body.ok", "--fail-if", "nope(body)"],
            "calls nope(), and the functions",
        ),
        (
            ["run", "a.csv", "--retry-if", "body_matches('[')"],
            '--retry-if: "body_matches(\'[\')": "[" is no regular',
        ),
        (["resume", "a.run", "--stop-if", "!body.ok"], "write !(body.ok)"),
        (["run", "a.csv", "--rate-per-host", "10/day"], "--rate-per-host: '10/day' is no rate"),
        (["run", "a.csv", "--burst", "0"], "0 is not in the range x>=1"),
        (["run", "a.csv", "--quota", "5/s"], "--quota: '5/s' is no quota"),
        (["run", "a.csv", "--cost", "cheap"], "--cost: 'cheap' is no price"),
        (["run", "a.csv", "--auto-min", "9", "--auto-max", "8"], "--auto-min 9 is above --auto-max 8"),
        (["run", "a.csv", "--max-failures", "0%"], "--max-failures"),
        (["run", "a.csv", "--stop-on", "401,soon"], "--stop-on: 'soon' is neither a status"),
        (["run", "a.csv", "--time-limit", "0h"], "--time-limit: '0h' is not between"),
        (["run", "a.csv", "--timeout", "0"], "x>0"),
        (["run", "a.csv", "-H", "no colon"], "a header without a colon"),
        (["run", "a.csv", "--proxy", "proxy:3128"], "--proxy: this is no URL of a proxy"),
        (["run", "a.csv", "--proxy", "socks5://p:1"], "--proxy: SOCKS proxies are not supported"),
        (
            ["run", "a.csv", "--proxy", "http://p", "--env-proxy"],
            "--proxy and --env-proxy exclude each other",
        ),
        (["resume", "a.run", "--proxy", "ftp://p"], "--proxy: this is no URL of a proxy"),
        (["run", "a.csv", "--max-body", "big"], "--max-body: 'big' is no size"),
        (["run", "a.csv", "--format", "xml"], "'xml' is not one of"),
        (["run", "a.csv", "--tui", "--headless"], "exclude each other"),
        (["run", "a.csv", "-d", "a", "--json", "b"], "--data and --json exclude each other"),
        (["run", "a.csv", "-o", "out.xlsx"], "must end in .jsonl or .csv"),
        (["run", "a.csv", "--tui"], "--tui needs a terminal"),
        (["retry", "a.run", "--where", "state:odd"], "'state:odd' cannot be understood"),
        (["status", "a.run"], "There is no run in a.run"),
        (["resume", "a.run", "--headless"], "There is no run in a.run"),
        (["export", "a.run", "-o", "a.csv"], "There is no run in a.run"),
        (["export", "a.run", "-o", "a.xml"], "must end in"),
        (["export", "a.run"], "Missing option '-o'"),
        (["demo", "--faults", "teapot=1%"], "--faults 'teapot=1%'"),
        (["demo", "--faults", "500=1%", "--no-faults"], "exclude each other"),
        (["nonsense"], "No such command 'nonsense'"),
    ],
)
def test_usage_errors_are_one_sentence_with_status_2_and_create_nothing(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_bad_proxy_is_refused_without_its_password() -> None:
    result = CliRunner().invoke(cli, ["run", "a.txt", "--proxy", "htp://ann:s3cr3t@proxy"])
    assert result.exit_code == 2
    assert "this is no URL of a proxy" in result.stderr
    assert "s3cr3t" not in result.output


def test_an_error_with_control_characters_is_shown_harmless(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["status", f"{tmp_path}/\x1b[31mred"])
    assert result.exit_code == 2
    assert "\x1b" not in result.stderr
