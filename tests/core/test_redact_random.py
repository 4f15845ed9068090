"""Random secrets in random places: what is stored and shown never has them, and loses nothing else."""

from __future__ import annotations

import base64
import json
import string
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from fetchdeck.core.job import Templates
from fetchdeck.core.model import Request, Row, RowSpec
from fetchdeck.core.requests.templates import RequestBuilder
from fetchdeck.core.secrets.redact import Redactor
from fetchdeck.core.secrets.sealing import seal
from fetchdeck.core.secrets.templates import masked_templates
from hypothesis import given, settings
from hypothesis import strategies as st

from ..support.canaries import leaks

LETTERS = string.ascii_letters + string.digits
ANY_SECRET = st.text(LETTERS + "/+=&:@#?%;, '\"\\é東", max_size=12).map(lambda text: f"s3C{text}r7")
WORD_SECRET = st.text(LETTERS + "._~-", min_size=3, max_size=12).map("s3C".__add__)
NAMES = st.sampled_from(
    [
        "key",
        "API_KEY",
        "accessToken",
        "sig",
        "Signature",
        "Password",
        "client-secret",
        "X-Amz-Signature",
        "pwd",
    ]
)
COLUMN_NAMES = st.sampled_from(
    ["api_key", "Access Token", "refreshToken", "PASSWORD", "client-secret", "pwd"]
)
HEADERS = st.sampled_from(["Authorization", "X-Api-Key", "Cookie", "X-Auth-Token", "My-Session"])
HARMLESS = st.text(string.ascii_lowercase.translate({ord(c): None for c in "kt"}) + " /.,é東", max_size=20)
quick = settings(deadline=None, max_examples=60)


def sealed(templates: Templates, row: Row, environ: dict[str, str]) -> str:
    """All that the journal gets of a row."""
    builder = RequestBuilder(templates, environ)
    one = seal(row, builder.build(row), Redactor(builder.secrets))
    return "\n".join((one.method, one.url, one.host, one.row, one.spec or ""))


URLS = {
    "parameter": lambda name: f"http://h/p?a=1&{name}={{{{ mine }}}}&b=2",
    "fragment": lambda name: f"http://h/p?{name}={{{{ mine }}}}#x",
    "user": lambda _: "http://{{ mine }}:x@h/p",
    "password": lambda _: "http://u:{{ mine }}@h/p",
    "nested": lambda name: f"http://h/shot?url={{{{ 'http://i/?{name}=' ~ mine ~ '&z=1' }}}}",
    "encoded name": lambda name: f"http://h/?%{ord(name[0]):02X}{name[1:]}={{{{ mine }}}}",
}


@quick
@pytest.mark.parametrize("place", URLS)
@given(name=NAMES, secret=WORD_SECRET, note=HARMLESS)
def test_a_columns_secret_in_a_url(place: str, name: str, secret: str, note: str) -> None:
    columns: dict[str, object] = {"mine": secret, "note": f"{note} {secret}", "deep": [{"x": secret}], "n": 1}
    stored = sealed(Templates(url=URLS[place](name)), Row(0, 1, columns), {})
    assert leaks(stored, [secret]) == []
    assert json.dumps(note, ensure_ascii=False)[1:-1] in stored


@quick
@given(name=COLUMN_NAMES, secret=ANY_SECRET)
def test_a_column_that_is_called_a_secret_anywhere_in_a_request(name: str, secret: str) -> None:
    for url in ("http://h/{{ row[%r] }}/x", "http://h/?q={{ row[%r] }}", "http://h/{{ row[%r] | lower }}"):
        columns: dict[str, object] = {name: secret, "note": f"<{secret}>"}
        spec = RowSpec(headers=(("X-Any", quote(secret)),))
        assert leaks(sealed(Templates(url=url % name), Row(0, 1, columns, spec), {}), [secret]) == []


@quick
@given(secret=ANY_SECRET, name=NAMES, column=COLUMN_NAMES)
def test_an_environment_secret_anywhere(secret: str, name: str, column: str) -> None:
    for url in (
        f"http://h/?{name}={{{{ env.S }}}}",
        "http://h/x{{ env.S }}y/",
        "http://h/?q={{ env.S | upper }}{{ env.S }}",
    ):
        columns: dict[str, object] = {
            column: "v",
            secret: f"a{secret}b",
            "list": [{"n": quote(secret, safe="")}],
        }
        stored = sealed(Templates(url=url.replace(" | upper", "")), Row(0, 1, columns), {"S": secret})
        assert leaks(stored, [secret]) == []


@quick
@given(secret=WORD_SECRET, name=NAMES, binary=st.booleans())
def test_a_rows_own_headers_and_body(secret: str, name: str, binary: bool) -> None:
    for body in (
        f'{{"{name}": "{secret}", "n": 1}}',
        f"a=1&{name}={secret}",
        f'{{"x": {{"{name}":"{secret}"}}}}',
    ):
        spec = RowSpec(headers=(("X-Key", secret),), body=b"\xff" * binary + body.encode())
        row = Row(0, 1, {"url": "http://h/", "note": secret}, spec)
        assert leaks(sealed(Templates(), row, {}), [secret]) == []


@quick
@given(
    secret=ANY_SECRET.filter(lambda text: not set(text) & set("'\"\\{}%#&;@/? ,")), name=NAMES, header=HEADERS
)
def test_a_template_that_is_stored(secret: str, name: str, header: str) -> None:
    for value in (
        secret,
        f"{{{{ '{secret}' }}}}",
        f'{{{{ "{secret}" ~ id }}}}',
        f"{{{{ id }}}}{secret}",
        f"{{{{ x | default('{secret}') }}}}",
    ):
        templates = Templates(
            url=f"{{{{ base }}}}?a={{{{ id }}}}&{name}={value}",
            headers=((header, value),),
            data=f"{name}={value}&b={{{{ id }}}}",
            json=f'{{"{name}": "{value}", "n": {{{{ id }}}}}}',
        )
        masked = masked_templates(templates, Redactor())
        assert leaks(repr(masked), [secret]) == []
        assert masked_templates(masked, Redactor()) == masked
        for part in (masked.url, masked.data, masked.json):
            assert part is not None
            assert "{{ id }}" in part


@quick
@given(name=NAMES, header=HEADERS, text=HARMLESS)
def test_a_template_without_secrets_is_stored_as_it_is(name: str, header: str, text: str) -> None:
    templates = Templates(
        url=f"http://h/{text}?{name}={{{{ env.A }}}}&x={{{{ '{text}' }}}}",
        headers=((header, "{{ env.A }}"), ("Accept", text)),
        data=f"{name}={{{{ env.A }}}}&x={text}",
        json=f'{{"{name}": "{{{{ env.A }}}}", "x": "{text}", "y": {{{{ row["{name}"] | tojson }}}}}}',
    )
    assert masked_templates(templates, Redactor()) == templates


@quick
@given(secret=ANY_SECRET, before=HARMLESS, after=HARMLESS)
def test_what_a_server_gives_back(secret: str, before: str, after: str) -> None:
    request = Request("GET", "http://h/", (("X-Key", secret),), secrets=frozenset({secret}))
    whole = f"{before}{secret}{after}".encode()
    encoded = [base64.b64encode(whole).decode(), base64.urlsafe_b64encode(whole).decode()]
    escaped = quote(secret, safe="")
    written = [secret, secret.lower(), escaped, escaped.lower(), quote(escaped, safe=""), quote_plus(secret)]
    for redactor, told in ((Redactor(), request), (Redactor([secret]), None)):
        for form in (*written, json.dumps(secret)[1:-1], *encoded):
            text = f"{before} {form} {after}"
            raw = f"Date: now\r\nX-Echo: {text}\r\nLocation: /{text}".encode()
            once = redactor.raw_headers(raw, told)
            assert leaks(once, [secret]) == []
            assert leaks(redactor.text(text, told), [secret]) == []
            assert form in encoded or leaks(redactor.url(f"http://h/{text}", told), [secret]) == []
            assert redactor.raw_headers(once, told) == once
            assert once.startswith(b"Date: now\r\nX-Echo: ")


@quick
@given(text=HARMLESS, secret=WORD_SECRET, columns=st.dictionaries(HARMLESS, HARMLESS, max_size=3))
def test_what_holds_none_is_left_alone(text: str, secret: str, columns: dict[str, Any]) -> None:
    request = Request("GET", "http://h/", secrets=frozenset({secret}))
    for redactor in (Redactor(), Redactor([secret])):
        assert redactor.text(text, request) == text
        assert redactor.url(f"http://h/{text}", request) == f"http://h/{text}"
        raw = f"X: {text}\r\nLocation: {text}".encode()
        assert redactor.raw_headers(raw, request) == raw
        assert redactor.columns(columns, frozenset({secret})) == columns


def test_a_request_does_not_tell_its_secrets_in_a_traceback() -> None:
    request = Request("GET", "http://h/?key=s3Cret", (("X-Key", "s3Cret"),), b"s3Cret", frozenset({"s3Cret"}))
    assert leaks(repr(request), ["s3Cret"]) == []
