"""JSON lines: an object a line, which may say what its request is; every other key is a column."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, cast

import msgspec

from ..model import BadRow, Headers, Row, RowSpec
from .parser import LineParser, bad_row, not_utf8, too_long

MAX_LINE = 16 * 1024 * 1024
"""Bytes a line may have; more than elsewhere, because it may carry a request body."""
MAX_DEPTH = 64
"""Levels that arrays and objects may be nested, the record itself included."""
SPEC_KEYS = frozenset({"url", "method", "headers", "body", "json", "body_base64"})
"""Keys that describe the request. `url` is a column too, so that templates can use it; the others are not."""
_BODY_KEYS = ("body", "json", "body_base64")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LONG_INTEGER = re.compile(rb"\d{19}")
_decode = msgspec.json.Decoder().decode


class _BadRecordError(Exception):
    """A record that says something impossible; the message is the reason."""


class JsonlParser(LineParser):
    """Each line that is not blank is a row."""

    def counts_for_nothing(self, line: bytes) -> bool:
        """Blank lines."""
        return line.isspace()

    def record(self, index: int, number: int, line: bytes) -> Row | BadRow:
        """The line's object."""
        return _record(index, number, line)


def _record(index: int, number: int, line: bytes) -> Row | BadRow:
    try:
        if len(line) > MAX_LINE:
            raise _BadRecordError(too_long(MAX_LINE))
        value = _decode(line)
        if value.__class__ is not dict:
            raise _BadRecordError("it is JSON, but not an object")
        if line.count(b"{") + line.count(b"[") > MAX_DEPTH or _LONG_INTEGER.search(line):
            _check(value, 1)
        return _row(index, number, value)
    except _BadRecordError as error:
        reason = str(error)
    except UnicodeDecodeError as error:
        reason = not_utf8(error)
    except RecursionError:
        reason = f"it is nested more than {MAX_DEPTH} levels deep"
    except msgspec.DecodeError as error:
        # msgspec 0.23 raises this for bytes that are no UTF-8, too; releases before it UnicodeDecodeError.
        reason = _why_not_utf8(line) or f"it is not JSON ({error})"
    return bad_row(index, number, reason, line)


def _why_not_utf8(line: bytes) -> str:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return not_utf8(error)
    return ""


def _row(index: int, number: int, record: dict[str, Any]) -> Row:
    if SPEC_KEYS.isdisjoint(record):
        return Row(index, number, record)
    spec = _spec(record)
    columns = {name: value for name, value in record.items() if name not in SPEC_KEYS or name == "url"}
    if columns.get("url", "") is None:
        del columns["url"]
    return Row(index, number, columns, spec)


def _spec(record: dict[str, Any]) -> RowSpec | None:
    method = _text(record, "method")
    if method is not None and not _TOKEN.fullmatch(method):
        raise _BadRecordError("its `method` is not a method name (RFC 9110, section 9.1)")
    body, json_body = _body(record)
    spec = RowSpec(_text(record, "url"), method, _headers(record.get("headers")), body, json_body)
    return None if spec == RowSpec() else spec


def _text(record: dict[str, Any], key: str) -> str | None:
    value = record.get(key)
    if value is not None and not isinstance(value, str):
        raise _BadRecordError(f"its `{key}` is not a string")
    return value


def _headers(value: object) -> Headers | None:
    if value is None:
        return None
    pairs: list[object]
    if isinstance(value, dict):
        pairs = [list(pair) for pair in cast("dict[str, object]", value).items()]
    else:
        pairs = cast("list[object]", value) if isinstance(value, list) else [value]
    headers: list[tuple[str, str]] = []
    for pair in pairs:
        match pair:
            case [str(name), str(text)]:
                headers.append((name, text))
            case _:
                raise _BadRecordError(
                    "its `headers` are neither an object of strings nor a list of pairs of them"
                )
    return tuple(headers)


def _body(record: dict[str, Any]) -> tuple[bytes | None, bool]:
    """The body's bytes, and whether they are of `json`, where null is a value like any other."""
    given = [key for key in _BODY_KEYS if key in record and (key == "json" or record[key] is not None)]
    if len(given) > 1:
        raise _BadRecordError(f"it has both `{given[0]}` and `{given[1]}`; a request has one body")
    if not given:
        return None, False
    if given[0] == "json":
        return msgspec.json.encode(record["json"]), True
    text = _text(record, given[0]) or ""
    if given[0] == "body":
        return text.encode(), False
    try:
        return base64.b64decode(text, validate=True), False
    except (binascii.Error, ValueError) as error:
        raise _BadRecordError("its `body_base64` is not base64") from error


def _check(value: object, depth: int) -> None:
    """Refuse what SQLite or a later encoder could not hold."""
    if depth > MAX_DEPTH:
        raise _BadRecordError(f"it is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise _BadRecordError("it holds an integer of more than 64 bits; write it as a string")
    if isinstance(value, dict):
        for item in cast("dict[str, object]", value).values():
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            _check(item, depth + 1)
