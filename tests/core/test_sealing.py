"""Rows in the journal: enough to build the request again, and never a secret."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from fetchdeck.core.errors import RowError
from fetchdeck.core.job import Templates
from fetchdeck.core.model import Request, Row, RowSpec
from fetchdeck.core.requests.templates import RequestBuilder
from fetchdeck.core.secrets.redact import Redactor
from fetchdeck.core.secrets.sealing import ROW_SEALED, URL_SEALED, Sealed, seal, unseal
from hypothesis import given
from hypothesis import strategies as st

# Without a letter of each name that makes a secret, and without what may hide one.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="=@aeowAEOW%"), max_size=10)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
HEADERS = st.lists(
    st.tuples(st.sampled_from(["Accept", "X-A"]), st.text(string.ascii_letters, max_size=5))
).map(tuple)
SPECS = st.none() | st.builds(
    RowSpec,
    url=st.none() | st.just("http://other/"),
    method=st.none() | st.sampled_from(["GET", "purge"]),
    headers=st.none() | HEADERS,
    body=st.none() | st.binary(max_size=8) | TEXT.map(str.encode),
    json_body=st.booleans(),
)
SECRET = st.text(string.ascii_letters + string.digits, min_size=8, max_size=12).map("s3C".__add__)


def stored(one: Sealed) -> str:
    return "\n".join((one.method, one.url, one.host, one.row, one.spec or ""))


@given(st.dictionaries(TEXT, VALUES, max_size=4), SPECS, TEXT)
def test_a_row_without_secrets_comes_back_and_builds_the_same(
    columns: dict[str, Any], spec: RowSpec | None, name: str
) -> None:
    row = Row(3, 7, {**columns, "name": name}, spec)
    builder = RequestBuilder(Templates(url="http://h/{{ name }}", headers=(("X-B", "b"),)), {})
    request = builder.build(row)
    one = seal(row, request, Redactor())
    assert one.sealed == 0
    assert (one.method, one.url, one.host) == (request.method, request.url, "h")
    again = unseal(3, 7, one.row, one.spec)
    assert again == row
    assert repr(again) == repr(row)
    assert builder.build(again) == request


TEMPLATES = [
    Templates(),
    Templates(url="http://h/{{ place }}?key={{ env.KEY }}"),
    Templates(url="http://h/{{ env.KEY }}/{{ place }}", headers=(("X-Any", "{{ env.KEY }}"),)),
    Templates(url="http://u:{{ mine }}@h/", data="a={{ mine }}&b={{ env.KEY }}"),
    Templates(url="http://h/", headers=(("Authorization", "Bearer {{ mine }}"),)),
    Templates(url="http://h/?token={{ mine }}", json='{"x": "{{ env.KEY }}"}'),
    Templates(url="http://{{ env.KEY }}.example/"),
]


@pytest.mark.parametrize("templates", TEMPLATES)
@given(env=SECRET, own=SECRET, place=TEXT)
def test_no_secret_is_stored(templates: Templates, env: str, own: str, place: str) -> None:
    builder = RequestBuilder(templates, {"KEY": env})
    redactor = Redactor(builder.secrets)
    columns: dict[str, Any] = {
        "url": f"http://h/?api_key={own}",
        "place": place,
        "mine": own,
        "deep": [{"x": f"<{own}>"}],
    }
    masked = {env} if builder.secrets else set[str]()
    for spec in (
        None,
        RowSpec(url=f"http://h/?api_key={own}"),
        RowSpec(headers=(("Authorization", f"Bearer {own}"), ("X-Other", f"a {env} b"))),
        RowSpec(body=f'{{"password": "{own}", "x": "{env}"}}'.encode(), json_body=True),
        RowSpec(body=b"\xff" + f"password={own}&x={env}".encode()),
    ):
        row = Row(0, 1, {**columns, "note": f"{env}!"}, spec)
        request = builder.build(row)
        one = seal(row, request, redactor)
        for secret in masked | ({own} & redactor.secrets_of(request)):
            assert secret not in stored(one)
        assert one.sealed & ROW_SEALED
        assert bool(one.sealed & URL_SEALED) == (one.url != request.url)
        json.loads(one.row)


def test_what_is_stored_of_each_kind_of_body() -> None:
    def spec(**of: Any) -> Any:
        row = Row(0, 1, {}, RowSpec(**of))
        return json.loads(seal(row, Request("GET", "http://h/"), Redactor()).spec or "")

    assert spec() == {}
    assert spec(body=b'{"a": 1}', json_body=True) == {"body": '{"a": 1}', "json_body": True}
    assert spec(body=b"\xff") == {"body_base64": "/w=="}
    assert spec(body=b"\xff password=x") == {"body": "***"}
    assert spec(headers=(("A", "b"), ("A", "c")), method="X") == {
        "headers": [["A", "b"], ["A", "c"]],
        "method": "X",
    }


def test_the_host_is_that_of_the_url() -> None:
    def host(url: str, *secrets: str) -> str:
        return seal(Row(0, 1, {}), Request("GET", url), Redactor(secrets)).host

    assert host("https://API.example:443/") == "api.example"
    assert host("http://u:p@h:81/") == "h:81"
    assert host("http://s3cret.example/", "s3cret") == "***.example"
    assert host("http://S3CRET.example/", "s3cret") == "***.example"


def test_a_row_that_cannot_be_stored_is_refused() -> None:
    for value in ("\ud800", object()):
        with pytest.raises(RowError, match="cannot be stored"):
            seal(Row(0, 1, {"a": value}), Request("GET", "http://h/"), Redactor())
