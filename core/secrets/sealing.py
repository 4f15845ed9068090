"""What the journal stores of a row: enough to build its request again, and no secret."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from ..errors import RowError
from ..model import Request, Row, RowSpec
from ..urls import host_of
from .names import column_secrets
from .redact import Redactor
from .values import MASK, covered, spans_of

URL_SEALED = 1
"""The stored URL lost a secret: build the request again from the row."""
ROW_SEALED = 2
"""The stored row or spec lost one: only the input still has it."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Sealed(msgspec.Struct, frozen=True):
    """A row and its request, fit to be stored."""

    method: str
    url: str
    """Masked."""
    host: str
    """Lower case, with the port where it is not the scheme's own; masked."""
    row: str
    """The columns as a JSON object, masked."""
    spec: str | None
    """What the row says of its request, as a JSON object with the keys url, method, headers, body or
    body_base64, and json_body; masked. None where it says nothing."""
    sealed: int
    """`URL_SEALED` and `ROW_SEALED`, or 0 where nothing was masked."""


def seal(row: Row, request: Request, redactor: Redactor) -> Sealed:
    """Mask a row and its request; raises RowError for a row that cannot be stored."""
    url = redactor.url(request.url, request)
    secrets = redactor.secrets_of(request)
    try:
        columns = _encode(row.columns).decode()
        spec = _encode(_spec(row.spec)).decode() if row.spec is not None else None
    except (UnicodeEncodeError, OverflowError, RecursionError, TypeError) as error:
        raise RowError(f"it holds a value that cannot be stored ({error})") from error
    masked_columns, masked_spec = columns, spec
    if not redactor.clean(columns, secrets):
        masked_columns = _encode(redactor.columns(row.columns, secrets)).decode()
    if row.spec is not None:
        secrets |= frozenset(column_secrets(row.columns))
        if row.spec.headers or row.spec.body or not redactor.clean(spec or "", secrets):
            masked_spec = _encode(_masked(row.spec, redactor, secrets)).decode()
    lost = masked_columns != columns or masked_spec != spec
    return Sealed(
        method=request.method,
        url=url,
        host=redactor.url(host_of(url)),
        row=masked_columns,
        spec=masked_spec,
        sealed=(URL_SEALED if url != request.url else 0) | (ROW_SEALED if lost else 0),
    )


def unseal(id: int, line: int, row: str, spec: str | None) -> Row:  # noqa: A002
    """The row that was stored, for one that lost no secret."""
    return Row(id, line, _decode(row), _read_spec(_decode(spec)) if spec is not None else None)


def _spec(spec: RowSpec) -> dict[str, Any]:
    stored: dict[str, Any] = {}
    if spec.url is not None:
        stored["url"] = spec.url
    if spec.method is not None:
        stored["method"] = spec.method
    if spec.headers is not None:
        stored["headers"] = spec.headers
    if spec.body is not None:
        try:
            stored["body"] = spec.body.decode()
        except UnicodeDecodeError:
            stored["body_base64"] = base64.b64encode(spec.body).decode()
    if spec.json_body:
        stored["json_body"] = True
    return stored


def _masked(spec: RowSpec, redactor: Redactor, secrets: frozenset[str]) -> dict[str, Any]:
    stored = _spec(spec)

    def without(text: str) -> str:
        return covered(text, spans_of(text, secrets))

    for name in ("url", "method"):
        if name in stored:
            stored[name] = redactor.url(without(stored[name]))
    if spec.headers is not None:
        stored["headers"] = [(name, without(value)) for name, value in redactor.headers(spec.headers)]
    if "body" in stored:
        stored["body"] = without(redactor.text(stored["body"]))
    elif spec.body is not None:
        text = spec.body.decode(errors="replace")
        if without(redactor.text(text)) != text:
            del stored["body_base64"]
            stored["body"] = MASK
    return stored


def _read_spec(stored: dict[str, Any]) -> RowSpec:
    body = stored.get("body")
    binary = stored.get("body_base64")
    headers = stored.get("headers")
    return RowSpec(
        url=stored.get("url"),
        method=stored.get("method"),
        headers=tuple((name, value) for name, value in headers) if headers is not None else None,
        body=body.encode() if body is not None else base64.b64decode(binary) if binary is not None else None,
        json_body=stored.get("json_body", False),
    )
