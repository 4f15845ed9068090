from __future__ import annotations

import json
from pathlib import Path

import pytest
from fetchdeck.core.engine import identity
from fetchdeck.core.errors import RunError
from fetchdeck.core.job import Job, Options, Templates
from fetchdeck.core.secrets.redact import Redactor
from fetchdeck.core.secrets.rules import masked_rule
from msgspec.structs import replace

PLAIN = Job(
    "/data/places.csv",
    Templates(
        url="https://h/x?id={{ id }}&key={{ env.KEY }}",
        headers=(("Authorization", "Bearer {{ env.TOKEN }}"), ("Accept", "text/html")),
        data="a={{ id }}&password={{ env.PASSWORD }}",
    ),
)
SECRET = Job(
    "/data/places.csv",
    Templates(
        url="https://u:PWSECRET@h/{{ id }}?key=URLSECRET&x={{ id }}",
        headers=(("Authorization", "Bearer HEADERSECRET"), ("X-Api-Key", "{{ env.A }}KEYSECRET")),
        data="a={{ id }}&password=DATASECRET&key=FORMSECRET",
    ),
)


def record(job: Job) -> dict[str, object]:
    stored: dict[str, object] = json.loads(json.dumps(identity.record(job, Options(), "abc", Redactor())))
    return stored


def test_a_job_without_literal_secrets_comes_back_as_it_was() -> None:
    assert identity.restore(record(PLAIN), (), Path("x.run")) == (PLAIN, Options())


def test_literal_secrets_are_masked_and_named() -> None:
    stored = record(SECRET)
    text = json.dumps(stored)
    for secret in ("PWSECRET", "URLSECRET", "HEADERSECRET", "KEYSECRET", "DATASECRET", "FORMSECRET"):
        assert secret not in text
    assert stored["sealed"] == ["-H Authorization", "-H X-Api-Key", "--url", "--data"]
    with pytest.raises(RunError, match="secret in -H Authorization, -H X-Api-Key, --url, --data"):
        identity.restore(stored, (), Path("x.run"))


def test_a_header_given_again_takes_the_place_of_the_masked_one() -> None:
    job = replace(SECRET, templates=Templates(headers=SECRET.templates.headers[:1]))
    given = (("authorization", "Bearer NEW"), ("X-More", "1"))
    restored, _ = identity.restore(record(job), given, Path("x.run"))
    assert restored.templates.headers == given


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (replace(PLAIN, templates=replace(PLAIN.templates, url="https://h/y")), "--url was 'https://h/x"),
        (
            replace(PLAIN, templates=replace(PLAIN.templates, method="PUT")),
            "--method was not given, not 'PUT'",
        ),
        (
            replace(PLAIN, templates=replace(PLAIN.templates, headers=())),
            "headers were 'Authorization: Bearer {{",
        ),
        (replace(PLAIN, templates=replace(PLAIN.templates, data=None)), "--data was 'a="),
    ],
)
def test_another_job_is_told_apart_in_words(changed: Job, said: str) -> None:
    assert said in str(identity.difference(record(PLAIN), record(changed)))


def test_another_secret_is_still_the_same_job() -> None:
    rotated = replace(
        SECRET,
        templates=replace(
            SECRET.templates, headers=(("Authorization", "Bearer OTHER"), SECRET.templates.headers[1])
        ),
    )
    assert identity.difference(record(SECRET), record(rotated)) is None


def test_inputs_are_told_apart_by_their_content_where_it_is_known() -> None:
    stored = record(PLAIN)
    moved = record(replace(PLAIN, input="/elsewhere/places.csv"))
    assert identity.difference(stored, moved) is None
    assert "has changed since" in str(identity.difference(stored, {**stored, "identity": "def"}))
    assert "its input was" in str(identity.difference(stored, {**moved, "identity": "def"}))
    assert "began with another row" in str(
        identity.difference({**stored, "input": "-"}, {**stored, "input": "-", "identity": "def"})
    )


RULES = Options(
    ok_if=("status == `200`", "body.token == 'RULESECRET'"),
    stop_if=("contains(to_string(body), 'key=TEXTSECRET')",),
    retry_if=("body_matches('token=[0-9a-f]+') || body.key == 'QUOTA'",),
)


def test_rules_come_back_as_they_were() -> None:
    options = Options(ok_if=RULES.ok_if[:1], retry_if=RULES.retry_if)
    stored = json.loads(json.dumps(identity.record(PLAIN, options, None, Redactor())))
    assert identity.restore(stored, (), Path("x.run")) == (PLAIN, options)


def test_a_rule_that_writes_a_secret_out_is_masked_and_wanted_again() -> None:
    stored = identity.record(PLAIN, RULES, None, Redactor({"QUOTA"}))
    text = json.dumps(stored)
    assert not any(secret in text for secret in ("RULESECRET", "TEXTSECRET", "QUOTA"))
    assert "token=[0-9a-f]+" in text
    with pytest.raises(RunError, match="secret in --ok-if, --retry-if, --stop-if"):
        identity.restore(stored, (), Path("x.run"))
    _, options = identity.restore(stored, (), Path("x.run"), other_rules=("ok_if", "retry_if", "stop_if"))
    assert options == Options()


@pytest.mark.parametrize(
    ("rule", "masked"),
    [
        ("body.status == 'OK'", "body.status == 'OK'"),
        ("body.data.\"api key\" != 'abcd'", "body.data.\"api key\" != '***'"),
        ("'abcd' == body.auth_token", "'***' == body.auth_token"),
        ('`"abcd"` == body.password', "`***` == body.password"),
        ("header('X-Api-Key') == 'abcd'", "header('X-Api-Key') == '***'"),
        ("headers.\"x-auth-token\" == 'abcd'", "headers.\"x-auth-token\" == '***'"),
        ("headers.\"set-cookie\" == 'challenge'", "headers.\"set-cookie\" == 'challenge'"),
        ("headers.authorization == 'abcd'", "headers.authorization == '***'"),
        ("body.token == ''", "body.token == ''"),
        ("contains(body.message, 'Bearer abcdef')", "contains(body.message, 'Bearer ***')"),
        ("body.key == 'QUOTA_EXCEEDED'", "body.key == 'QUOTA_EXCEEDED'"),
    ],
)
def test_what_is_a_secret_in_a_rule(rule: str, masked: str) -> None:
    assert masked_rule(rule, Redactor()) == masked
