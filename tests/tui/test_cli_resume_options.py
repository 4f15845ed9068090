"""Every option of a run may be changed on resume: what is given is taken and stored, the rest stays as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fetchdeck.core.engine import identity
from fetchdeck.core.job import Job, Options
from fetchdeck.core.secrets.redact import Redactor
from fetchdeck.tui.limit_options import LIFTED_BY_NONE
from fetchdeck.tui.options import build_options, gives_proxy
from fetchdeck.tui.rule_options import RULE_OPTIONS, given_rules
from fetchdeck.tui.run_commands import resume, retry
from msgspec.structs import fields, replace

HAD = Options(
    concurrency=7, rate=3.0, rate_per_host=2.0, burst=2, per_host=5, quota="9/day", cost="0.5", retries=1,
    retry_on="429", ok_if=("body.a", "body.b"), fail_if=("body.c",), retry_if=("body.d",), stop_if=("body.e",),
    auto=True, auto_min=2, auto_max=99, timeout_s=7.5, connect_timeout_s=2.5, max_body=999, insecure=True,
    cookies=True, proxy="http://p:1", max_failures="20%", stop_on="401", time_limit_s=60.0, canary=2,
)  # fmt: skip
GIVEN: list[tuple[list[str], dict[str, Any]]] = [
    (["-c", "200"], {"concurrency": 200}),
    (["--rate", "600/m"], {"rate": 10.0}),
    (["--rate-per-host", "5000/h"], {"rate_per_host": 5000 / 3600}),
    (["--burst", "9"], {"burst": 9}),
    (["--per-host", "8"], {"per_host": 8}),
    (["--quota", "100/month@Europe/Berlin"], {"quota": "100/month@Europe/Berlin"}),
    (["--cost", "0.017 USD"], {"cost": "0.017 USD"}),
    (["--retries", "0"], {"retries": 0}),
    (["--retry-on", "429,5xx,timeout"], {"retry_on": "429,5xx,timeout"}),
    (["--ok-if", "body.x", "--ok-if", "body.y"], {"ok_if": ("body.x", "body.y")}),
    (["--fail-if", "body.x"], {"fail_if": ("body.x",)}),
    (["--retry-if", "body.x"], {"retry_if": ("body.x",)}),
    (["--stop-if", "body.x"], {"stop_if": ("body.x",)}),
    (["--no-auto"], {"auto": False}),
    (["--auto-min", "3"], {"auto_min": 3}),
    (["--auto-max", "50"], {"auto_max": 50}),
    (["--timeout", "9"], {"timeout_s": 9.0}),
    (["--connect-timeout", "1"], {"connect_timeout_s": 1.0}),
    (["--max-body", "1KiB"], {"max_body": 1024}),
    (["--no-insecure"], {"insecure": False}),
    (["--no-cookies"], {"cookies": False}),
    (["--proxy", "http://q:2"], {"proxy": "http://q:2"}),
    (["--env-proxy"], {"proxy": None, "env_proxy": True}),
    (["--proxy", "none"], {"proxy": None}),
    (["--max-failures", "5"], {"max_failures": "5"}),
    (["--stop-on", "5xx,tls"], {"stop_on": "5xx,tls"}),
    (["--time-limit", "2h"], {"time_limit_s": 7200.0}),
    (["--canary", "0"], {"canary": 0}),
]


def stored(options: Options) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(json.dumps(identity.record(Job("/a.txt"), options, None, Redactor())))
    return record


def resumed(arguments: list[str]) -> Options:
    """The options of a run that had HAD, resumed with these arguments, as the next resume finds them."""
    given = resume.make_context("resume", ["x.run", *arguments]).params
    _, had = identity.restore(
        stored(HAD), (), Path("x.run"), other_proxy=gives_proxy(given), other_rules=given_rules(given)
    )
    _, kept = identity.restore(stored(build_options(had, given)), (), Path("x.run"))
    return kept


@pytest.mark.parametrize(("arguments", "changes"), [([], {}), *GIVEN])
def test_what_is_given_is_kept_and_the_rest_stays(arguments: list[str], changes: dict[str, Any]) -> None:
    assert resumed(arguments) == replace(HAD, **changes)


@pytest.mark.parametrize("word", ["none", ""])
@pytest.mark.parametrize("name", [*LIFTED_BY_NONE, *RULE_OPTIONS, "proxy"])
def test_a_limit_or_a_rule_is_lifted(name: str, word: str) -> None:
    option = f"--{name.removesuffix('_s').replace('_', '-')}"
    assert resumed([option, word]) == replace(HAD, **{name: getattr(Options(), name)})


def test_no_option_is_forgotten_above() -> None:
    names = {field.name for field in fields(Options)}
    assert {name for _, changes in GIVEN for name in changes} == names
    assert all(getattr(HAD, name) != getattr(Options(), name) for name in names - {"env_proxy"})
    assert {param.name for param in resume.params} >= names
    assert {param.name for param in retry.params} >= names
