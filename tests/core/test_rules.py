from __future__ import annotations

import json
from pathlib import Path

import pytest
from fetchdeck.core.errors import OptionError
from fetchdeck.core.model import BodyFile, FailureKind
from fetchdeck.core.policies.rules.expression import PARTS
from fetchdeck.core.policies.rules.judgement import Judged, Judgement, Ruling
from fetchdeck.core.policies.rules.rules import Rules, check_rule
from fetchdeck.core.policies.rules.view import MOST_JSON, MOST_TEXT
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.fault_server import FaultServer, Send, reply
from tests.support.fetching import fetched, opened, whole

FIELDS = b"Content-Type: application/json\r\nX-Quota: 7\r\nVia: 1.1 a\r\nVIA: 1.1 b"
PAGE = b"Content-Type: text/html; charset=iso-8859-1"


def judged(body: object = None, status: int = 200, headers: bytes = FIELDS) -> Judged:
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Judged(status, headers, octets, len(octets), 12.5)


def rules(
    ok: str | tuple[str, ...] = (),
    fail: str | tuple[str, ...] = (),
    retry: str | tuple[str, ...] = (),
    stop: str | tuple[str, ...] = (),
) -> Rules:
    given = [(texts,) if isinstance(texts, str) else texts for texts in (ok, fail, retry, stop)]
    made = Rules.parse(*given)
    assert made is not None
    return made


def holds(expression: str, reply: Judged) -> bool:
    """Whether a rule holds on a reply where it must be possible to say."""
    ruling = rules(retry=expression).judge(reply).ruling
    assert ruling in (Ruling.RETRY, Ruling.BY_STATUS)
    return ruling is Ruling.RETRY


def test_without_rules_there_is_nothing_to_judge() -> None:
    assert Rules.parse((), (), (), ()) is None


def test_an_api_that_answers_200_whatever_happens() -> None:
    api = rules(
        ok="body.status == 'OK'",
        fail="body.status == 'INVALID_REQUEST'",
        retry="body.status == 'OVER_QUERY_LIMIT'",
        stop="body.status == 'REQUEST_DENIED'",
    )
    said = {
        status: api.judge(judged({"status": status}))
        for status in ("OK", "INVALID_REQUEST", "OVER_QUERY_LIMIT", "REQUEST_DENIED", "OTHER")
    }
    assert said == {
        "OK": Judgement(Ruling.SUCCESS),
        "INVALID_REQUEST": Judgement(
            Ruling.FAIL, """rule --fail-if "body.status == 'INVALID_REQUEST'" holds"""
        ),
        "OVER_QUERY_LIMIT": Judgement(
            Ruling.RETRY, """rule --retry-if "body.status == 'OVER_QUERY_LIMIT'" holds"""
        ),
        "REQUEST_DENIED": Judgement(
            Ruling.STOP, """rule --stop-if "body.status == 'REQUEST_DENIED'" holds"""
        ),
        "OTHER": Judgement(Ruling.FAIL, """rule --ok-if "body.status == 'OK'" does not hold"""),
    }
    assert [one.kind for one in said.values()] == [None, *[FailureKind.REJECTED] * 4]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("status == `200`", True),
        ("status >= `300`", False),
        ("headers.\"x-quota\" == '7'", True),
        ("header('X-QUOTA') == '7'", True),
        ("header('x-none')", False),
        ("headers.via == '1.1 a, 1.1 b'", True),
        ("bytes > `20` && elapsed_ms < `13`", True),
        ("body.items[?price > `2`]", True),
        ("body.items[?price > `3`]", False),
        ("length(body.items) == `2`", True),
        ("body.zero", True),
        ("body.no || body.text || body.list || body.object || body.nothing", False),
        ("!(body.nothing) && !contains(body.status, 'X') && !body", False),
        ("!(body.nothing) && !header('x-none')", True),
        ("body.status == `OK`", True),
        ("body_matches('\"price\": *3\\b')", True),
        ("matches(body.status, '^O') && !matches(body.nothing, '')", True),
        ("matches(body.missing.deeper, '.*')", False),
        ("@.status == `200` && keys(@)", True),
        ("* | length(@) == `5`", True),
        ("[status, body.zero] == [`200`, `0`]", True),
        ("body.items[*].price | max(@) == `3`", True),
        ("body.items[0].{a: price}.a == `1`", True),
    ],
)
def test_what_a_rule_sees(expression: str, expected: bool) -> None:
    body = {
        "status": "OK",
        **dict.fromkeys(("nothing", "missing")),
        "zero": 0,
        "no": False,
        "text": "",
        "list": [],
        "object": {},
        "items": [{"price": 1}, {"price": 3}],
    }
    assert holds(expression, judged(body)) is expected


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"", False),
        (b"<html>", False),
        (b'{"a": 1', False),
        (b'{"a": 1}', True),
        (b'\xef\xbb\xbf{"a": 1}', True),
        (b'{"a": 1, "b": NaN}', True),
        (b'{"a": 1, "b": "\\ud800"}', True),
        (b'{"a": 1, "b": 1e999}', True),
        (b'{"a": 1, "b": ' + b"9" * 400 + b"}", True),
        (b'{"a": 1, "b": "\xff"}', False),
    ],
)
def test_what_counts_as_json(octets: bytes, expected: bool) -> None:
    assert holds("body.a == `1`", judged(octets)) is expected


def test_text_is_read_in_its_charset_and_up_to_a_bound() -> None:
    assert holds(
        "body_matches('^<p>gesperrt für Müller$')",
        judged("<p>gesperrt für Müller".encode("latin-1"), headers=PAGE),
    )
    assert holds(
        "body_matches('für')", judged("für".encode(), headers=b"Content-Type: text/html; charset=nope")
    )
    assert holds("body_matches('a-b')", judged(b"a-b", headers=b"Content-Type: text/html; charset=punycode"))
    assert holds("body_matches('blocked')", judged(b" " * (MOST_TEXT - 7) + b"blocked"))
    assert not holds("body_matches('blocked')", judged(b" " * (MOST_TEXT - 6) + b"blocked"))


def test_what_may_be_anything_at_the_start_of_a_pattern_costs_nothing() -> None:
    assert holds("body_matches('.*\\.*?x$')", judged(b"a.x"))
    assert not holds("body_matches('.*(error).*\\1')", judged(b"a" * MOST_TEXT))


def test_a_body_that_was_cut_is_parsed_by_no_one() -> None:
    whole = judged(b'{"error": 1}' + b" " * 100)
    cut = replace(whole, body=whole.body[:50])
    assert rules(fail="body.error").judge(whole).ruling is Ruling.FAIL
    assert rules(fail="body.error").judge(cut) == Judgement(
        Ruling.ERROR, 'rule --fail-if "body.error" could not be evaluated: the JSON body is larger than 8 MiB'
    )
    assert rules(fail="body.error").judge(replace(cut, headers=PAGE)).ruling is Ruling.BY_STATUS
    assert rules(fail="status == `500`").judge(cut).ruling is Ruling.BY_STATUS


@pytest.mark.parametrize(
    ("expression", "octets"),
    [
        ("status == `200` && bytes && elapsed_ms && headers", 0),
        ("header('a')", 0),
        ("body_matches('a')", MOST_TEXT),
        ("body_matches('a') || body.a", MOST_JSON),
        ("values(@)", MOST_JSON),
        ("*", MOST_JSON),
    ],
)
def test_how_much_of_a_body_is_wanted(expression: str, octets: int) -> None:
    assert rules(ok=expression).reads == octets


def test_with_ok_rules_the_status_makes_no_success() -> None:
    found = rules(ok=("status == `404`", "body.ok"))
    assert found.judge(judged({}, 404)).ruling is Ruling.SUCCESS
    assert found.judge(judged({"ok": True}, 500)).ruling is Ruling.SUCCESS
    assert found.judge(judged({}, 200)) == Judgement(Ruling.FAIL, "no --ok-if rule holds")
    assert found.judge(judged({}, 503)).ruling is Ruling.BY_STATUS


BROKEN = "contains(body.error, 'x')"
"""Cannot be evaluated where there is no error."""


def test_a_rule_that_fails_on_a_body_is_a_failure_of_its_own_kind() -> None:
    judgement = rules(fail=BROKEN).judge(judged({"error": None, "secret": "s3cret"}))
    assert judgement.kind is FailureKind.RULE
    assert judgement.message == (
        f'rule --fail-if "{BROKEN}" could not be evaluated: contains() takes array or string, and got null; '
        "'x && …' leaves out what is not there"
    )


@pytest.mark.parametrize(
    ("expression", "body"),
    [
        ("body.a > `1`", {"a": "s3cret"}),
        ("contains(body.a, `1`)", {"a": "s3cret"}),
        ("abs(body.a)", {"a": "s3cret"}),
        ("sum(body.a)", {"a": [1, "s3cret"]}),
        ("sort_by(body.a, &b)", {"a": [{"b": "s3cret"}, {"b": 1}]}),
        ("max_by(body.a, &b)", {"a": [{"b": ["s3cret"]}]}),
        ("join(', ', body.a)", {"a": ["s3cret", 1]}),
        ("merge(body)", ["s3cret"]),
        ("body.a", b"[" * 100_000),
        ("floor(body.a)", b'{"a": 1e999, "b": "s3cret"}'),
    ],
)
def test_why_a_rule_fails_is_said_without_the_body(expression: str, body: object) -> None:
    judgement = rules(stop=expression).judge(judged(body))
    assert judgement.ruling is Ruling.ERROR
    assert judgement.message.startswith(f'rule --stop-if "{expression}" could not be evaluated: ')
    assert "s3cret" not in judgement.message


def test_a_broken_rule_matters_only_where_all_else_is_well() -> None:
    empty = judged({})
    assert rules(stop=BROKEN, retry="status").judge(empty).ruling is Ruling.RETRY
    assert rules(ok=(BROKEN, "status")).judge(empty).ruling is Ruling.SUCCESS
    assert rules(ok=(BROKEN, "body.ok")).judge(empty).ruling is Ruling.ERROR
    assert rules(ok="status", retry=BROKEN).judge(empty).ruling is Ruling.ERROR
    assert rules(retry=BROKEN).judge(judged({}, 503)).ruling is Ruling.BY_STATUS
    assert rules(ok="status", retry=BROKEN).judge(judged({}, 404)).ruling is Ruling.ERROR


RANK = (Ruling.STOP, Ruling.FAIL, Ruling.RETRY, Ruling.SUCCESS)


@given(
    st.dictionaries(st.sampled_from(RANK), st.lists(st.booleans(), min_size=1, max_size=3)),
    st.integers(200, 599),
)
def test_the_first_option_with_a_rule_that_holds_decides(
    given: dict[Ruling, list[bool]], status: int
) -> None:
    texts = {
        ruling: tuple("status" if one else "body.no" for one in holding) for ruling, holding in given.items()
    }
    made = Rules.parse(*(texts.get(ruling, ()) for ruling in (RANK[3], RANK[1], RANK[2], RANK[0])))
    if made is None:
        return
    ruling = made.judge(judged({}, status)).ruling
    first = next((ruling for ruling in RANK if any(given.get(ruling, ()))), None)
    silent = Ruling.FAIL if Ruling.SUCCESS in given and status < 300 else Ruling.BY_STATUS
    assert ruling is (first or silent)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=3),
)
EXPRESSIONS = (
    *("body", "body.a", "body.a > body.b", "body.*.a", "body[].a", "body[?a > `1`].b", "body.a || !(body.b)"),
    *(
        "length(body)",
        "contains(body, 'a')",
        "contains(body.a, body.b)",
        "sort(body)",
        "sum(body.*)",
        "keys(body)",
    ),
    *("sort_by(body, &a)", "max_by(body, &a)", "map(&a, body)", "merge(body.a, body.b)", "join('', body)"),
    *(
        "to_number(body)",
        "to_string(body)",
        "floor(body.a)",
        "reverse(body)",
        "avg(body)",
        "type(body) == 'null'",
    ),
    *("body_matches('a+b')", "matches(body.a, 'b')", "header(body)", "body[1:-1:-1]", "body.a == body.b"),
)


@given(
    st.sampled_from(EXPRESSIONS),
    json_values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=30),
    st.binary(max_size=30),
    st.sampled_from((200, 404)),
)
def test_no_reply_makes_judging_raise(expression: str, body: bytes, headers: bytes, status: int) -> None:
    judgement = rules(ok=expression, retry=expression).judge(judged(body, status, headers))
    assert judgement.ruling in (
        Ruling.RETRY,
        Ruling.FAIL if status == 200 else Ruling.BY_STATUS,
        Ruling.ERROR,
    )
    assert (judgement.ruling is Ruling.ERROR) <= (status == 200)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a rule must not be empty"),
        ("status == 200", "from column 11 on, at 200: a number stands in backticks, as in `200`"),
        ("body.status = 'OK'", "from column 13 on, at = 'OK': unknown token '=' (equality is ==)"),
        ("body.status == 'OK", "from column 16 on, at 'OK: unclosed ' delimiter"),
        ("status == ", "to its end: something is missing there (a shell takes backticks"),
        ("body.", "to its end"),
        ("body..a", "from column 6 on, at .a"),
        ("contains(body, 'a'", "to its end"),
        (
            'body.status == "OK"',
            "asks for 'OK', and a reply has status, headers, body, bytes, elapsed_ms alone",
        ),
        ("state", "asks for 'state'"),
        ("has(body)", "calls has(), and the functions are abs, avg, body_matches, "),
        ("body[?nope(@)]", "calls nope()"),
        ("contains(body)", "calls contains() with 1 argument; it takes 2"),
        ("length(body, status)", "calls length() with 2 arguments; it takes 1"),
        ("not_null()", "calls not_null() with 0 arguments; it takes at least 1"),
        (
            "body_matches('(a')",
            '"(a" is no regular expression (missing ) at position 2)',
        ),
        ("body[?matches(a, '*')]", '"*" is no regular expression'),
        ("body_matches(body.pattern)", "must be written out in single quotes"),
        ("matches(body, `1`)", "must be written out in single quotes"),
        ("body[::0]", "a slice with a step of 0"),
        ("(" * 10_000, "is no JMESPath expression"),
        ("x" * 300, "…"),
        ("!body.ok", "'!' holds for what stands right behind it, and it has no fields: write !(body.ok)"),
        ("status && !body.ok[0] == `1`", "write !(body.ok)"),
        ("body.\x1b[31m", "␛"),
    ],
)
def test_a_rule_that_can_never_hold_is_refused_with_the_place(text: str, said: str) -> None:
    with pytest.raises(OptionError) as refused:
        check_rule(text, "--retry-if")
    assert str(refused.value).startswith("--retry-if: ")
    assert said in str(refused.value)
    assert len(str(refused.value)) < 600
    assert "\x1b" not in str(refused.value)


@given(st.text("abody.()[]{}'`\"\\&|!?*:,0123 =<>@-", max_size=15))
def test_any_text_is_a_rule_or_an_option_error(text: str) -> None:
    try:
        made = rules(ok=f"body.{text}", fail=text)
    except OptionError:
        return
    made.judge(judged({"a": [1], "b": "x"}))


def test_each_part_is_there() -> None:
    assert all(holds(part, judged({"a": 1})) for part in PARTS)


async def test_replies_of_a_server_are_judged_in_memory_and_in_files(tmp_path: Path) -> None:
    body = json.dumps({"status": "OVER_QUERY_LIMIT", "padding": "x" * 1000}).encode()
    quota = rules(retry="body.status == 'OVER_QUERY_LIMIT' && header('x-left') == '0' && bytes > `1000`")
    for limit in (10, 10_000):
        head = reply(body, Content_Type="application/json", X_Left="0")
        async with (
            FaultServer(default=[Send(head)]) as server,
            opened(tmp_path, inline_limit=limit) as transport,
        ):
            found = whole(await fetched(transport, server.url("/")))
        assert isinstance(found.body, BodyFile) == (limit == 10)
        octets = found.body.path.read_bytes() if isinstance(found.body, BodyFile) else found.body
        seen = Judged(found.status, found.headers, octets, found.size, 1.0)
        assert quota.judge(seen).ruling is Ruling.RETRY


def test_a_regular_expression_that_would_take_for_ever_is_a_failure_of_its_own() -> None:
    rules = Rules.parse((), (r"body_matches('(a|aa)+$')",), (), ())
    assert rules is not None
    found = rules.judge(Judged(200, b"", b"a" * 200 + b"b", 201, 1.0))
    assert found.ruling is Ruling.ERROR
    assert "takes too long" in found.message
