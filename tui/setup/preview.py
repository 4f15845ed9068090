"""The first rows of an input, and the requests that they become."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ...core.errors import FetchdeckError, InputError, RowError
from ...core.inputs.source import open_source
from ...core.model import BadRow, Headers, Row
from ...core.requests.templates import RequestBuilder
from ...core.secrets.redact import Redactor
from .draft import Draft

FIRST = 20
"""Rows that are shown."""


@dataclass(frozen=True, slots=True)
class FirstRows:
    """What an input begins with."""

    columns: tuple[str, ...]
    """Those of the file, or those that the first rows have."""
    records: tuple[Row | BadRow, ...]
    needs_url: bool
    """Whether no row can have a URL without a template."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One row as a request, secrets masked; or why it cannot become one."""

    line: int
    method: str = ""
    url: str = ""
    headers: Headers = ()
    body: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The first requests, or what is wrong with all of them."""

    requests: tuple[Rendered, ...] = ()
    problem: str = ""
    """A sentence; empty where the run may start."""
    rows: tuple[str, ...] = ()
    """The rows as they are, secrets masked, where there are no requests to show."""


async def first_rows(source: str) -> FirstRows:
    """Read the beginning of an input; raises InputError."""
    try:
        stream = await open_source(source, None)
        try:
            records: list[Row | BadRow] = []
            async for batch in stream.batches():
                records = batch[:FIRST]
                break
        finally:
            await stream.close()
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror or error}.") from error
    columns = stream.columns
    if columns is not None:
        return FirstRows(columns, tuple(records), needs_url="url" not in columns)
    found = dict.fromkeys(name for record in records if isinstance(record, Row) for name in record.columns)
    return FirstRows(tuple(found), tuple(records), needs_url=False)


def preview(rows: FirstRows, draft: Draft, environ: Mapping[str, str]) -> Preview:
    """Render the first rows; templates may do anything, and so this belongs on a thread."""
    try:
        draft.options()
        if rows.needs_url and not draft.url.strip():
            raise InputError(_wants_url(rows.columns))
        builder = RequestBuilder(draft.job().templates, environ)
        builder.check_columns(_known(rows))
    except FetchdeckError as error:
        return Preview(problem=str(error), rows=tuple(_as_it_is(record) for record in rows.records))
    redactor = Redactor(builder.secrets)
    rendered = tuple(_rendered(record, builder, redactor) for record in rows.records)
    if not rendered:
        return Preview(problem=f"{draft.source} has no rows.")
    if all(one.error for one in rendered):
        return Preview(rendered, "None of the first rows can become a request: see below.")
    return Preview(rendered)


def _wants_url(columns: tuple[str, ...]) -> str:
    example = f"https://example.com/{{{{ {columns[0] if columns else 'id'} }}}}"
    named = ", ".join(columns) or "no columns"
    return f"The rows have no column 'url': write a URL above, such as {example}. They have: {named}."


def _known(rows: FirstRows) -> Collection[str]:
    return rows.columns if rows.needs_url or "url" in rows.columns else (*rows.columns, "url")


def _as_it_is(record: Row | BadRow) -> str:
    if isinstance(record, BadRow):
        return f"line {record.line}  this row cannot be read: {record.reason}"
    columns = Redactor().columns(record.columns, frozenset())
    return f"line {record.line}  " + "  ".join(f"{name}={value}" for name, value in columns.items())


def _rendered(record: Row | BadRow, builder: RequestBuilder, redactor: Redactor) -> Rendered:
    if isinstance(record, BadRow):
        return Rendered(record.line, error=f"this row cannot be read: {record.reason}")
    try:
        request = builder.build(record)
    except RowError as error:
        return Rendered(record.line, error=redactor.text(str(error)))
    body = request.body.decode(errors="replace") if request.body else ""
    return Rendered(
        record.line,
        request.method,
        redactor.url(request.url, request),
        redactor.headers(request.headers),
        redactor.text(body, request),
    )
