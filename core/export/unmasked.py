"""A journal's requests with the secrets that it does not keep, from the input and the environment."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, cast

import msgspec
from msgspec import Struct

from ..errors import InputError, RowError, RunError
from ..inputs.recall import Recall
from ..job import InputFormat, Templates
from ..journal.edits import EDITED
from ..model import BadRow, Row, State
from ..printable import printable
from ..requests.templates import RequestBuilder
from ..secrets.sealing import ROW_SEALED, URL_SEALED, unseal
from ..secrets.values import MASK
from .masks import fits, fits_value
from .records import Choice, JournalRows

_MORE = "r.id, r.state, r.url, r.sealed, r.line, r.spec"
_MORE_WIDTH = 6
_INVALID = int(State.INVALID)
_read = msgspec.json.Decoder().decode


class SecretSources(Struct, frozen=True):
    """Where secrets come from again."""

    environ: Mapping[str, str]
    """For `env.NAME` in the URL template: the values of today, not of the run."""
    url: str | None = None
    """The URL template in full, where it was given with a secret in it; None: as stored."""


class _Masked(NamedTuple):
    """What a request lost, and what it takes to find it again."""

    row: str
    id: int
    state: int
    url: str
    sealed: int
    line: int
    spec: str | None

    @property
    def wants_input(self) -> bool:
        """Whether only the input has what was masked."""
        if self.state == _INVALID:
            return MASK in self.row or MASK in self.url
        return bool(self.sealed & ROW_SEALED)


class UnmaskedRows(JournalRows):
    """The chosen requests, their columns and URLs in full; whatever else was masked stays so."""

    def __init__(
        self,
        db: sqlite3.Connection,
        choice: Choice,
        builder: RequestBuilder,
        recall: Recall | None,
        runner: asyncio.Runner,
    ) -> None:
        """`recall` is None where the input cannot be read twice; `runner` waits for it."""
        super().__init__(db, choice)
        self._builder = builder
        self._recall = recall
        self._runner = runner

    def columns(self) -> Iterator[str]:
        """The input's own columns, as JSON objects; raises as `records` does."""
        for block in self._select(f"r.row, {_MORE}"):
            yield from (row for row, _ in self._whole([_Masked._make(one) for one in block]))

    def _requests(self, fields: str, joined: str) -> Iterator[list[Any]]:
        """Raises RunError or InputError where a secret cannot be found again."""
        for block in self._select(f"{fields}, {_MORE}", joined):
            width = len(block[0]) - _MORE_WIDTH
            # A request of several attempts stands there for each.
            masked = {found[0]: _Masked(found[1], *found[width:]) for found in block}
            whole = dict(zip(masked, self._whole(list(masked.values())), strict=True))
            yield [
                (id_, whole[id_][0], method, whole[id_][1], *others)
                for id_, _, method, _, *others in (found[:width] for found in block)
            ]

    def _whole(self, batch: list[_Masked]) -> list[tuple[str, str]]:
        """The columns and the URL of each."""
        again = self._recalled([one.id for one in batch if one.wants_input])
        return [self._one(one, again) for one in batch]

    def _recalled(self, ids: list[int]) -> dict[int, Row | BadRow]:
        if not ids:
            return {}
        if self._recall is None:
            raise RunError(
                "The run read its rows from a pipe, which cannot be read again, and they hold secrets, which are "
                "not stored. Export without --with-secrets."
            )
        try:
            return self._runner.run(self._recall.records(ids))
        except OSError as error:
            raise InputError(f"The input cannot be read again: {error.strerror or error}.") from error

    def _one(self, one: _Masked, again: Mapping[int, Row | BadRow]) -> tuple[str, str]:
        if one.wants_input:
            record = again.get(one.id)
            if record is None or record.line != one.line:
                raise _other_row(one)
            if one.state == _INVALID:
                return _invalid(one, record)
            if isinstance(record, BadRow):
                raise _other_row(one)
            row, columns = record, msgspec.json.encode(record.columns).decode()
            if not fits_value(_read(one.row), record.columns):
                raise _other_row(one)
        elif one.sealed & URL_SEALED:
            row, columns = unseal(one.id, one.line, one.row, one.spec), one.row
        else:
            return one.row, one.url
        # An edited request was not asked for where its row leads; its URL stays as it was stored.
        from_row = one.sealed & URL_SEALED and not one.sealed & EDITED
        return columns, self._url(one, row) if from_row else one.url

    def _url(self, one: _Masked, row: Row) -> str:
        try:
            url = self._builder.build(row).url
        except RowError:
            url = None
        if url is None or not fits(one.url, url):
            raise RunError(
                f"Line {one.line} of the input was asked for at {one.url}, to which --url and the environment "
                "do not lead. Give --url as it was in the first command."
            )
        return url


@contextmanager
def unmasked_rows(
    db: sqlite3.Connection, choice: Choice, job: Mapping[str, Any], sources: SecretSources
) -> Generator[UnmaskedRows]:
    """The rows of a run, in a thread without a running loop; `job` is as the journal has it.

    Raises RunError where the URL template had a secret in it that is not given again, TemplateError for one
    that cannot be used or an environment variable that is not set.
    """
    stored = job["templates"]["url"]
    if sources.url is None and "--url" in job["sealed"]:
        raise RunError(
            f"The run was started with a secret in --url ({stored}), and secrets are not stored. "
            "Give --url again as it was in the first command."
        )
    if sources.url is not None and stored is None:
        raise RunError("The run was started without --url: its rows have URLs of their own. Leave --url out.")
    # Headers and bodies are no part of an export: their templates, and secrets, are not wanted.
    builder = RequestBuilder(Templates(url=sources.url or stored), sources.environ)
    recall = None
    if _rewindable(job):
        form = InputFormat(job["format"]) if job["format"] else None
        recall = Recall(job["input"], form, job["identity"])
    with asyncio.Runner() as runner:
        try:
            yield UnmaskedRows(db, choice, builder, recall, runner)
        finally:
            if recall is not None:
                runner.run(recall.close())


def _rewindable(job: Mapping[str, Any]) -> bool:
    """Whether the input was a regular file; a pipe's identity is made of its first row."""
    identity = cast("str | None", job["identity"])
    return job["input"] != "-" and identity is not None and not identity.startswith(("first row", "empty"))


def _invalid(one: _Masked, record: Row | BadRow) -> tuple[str, str]:
    """A row that became no request: nothing was rendered, all it has is what the input says."""
    if isinstance(record, BadRow):
        return "{}", printable(record.text) if one.url else ""
    return json.dumps(record.columns, ensure_ascii=False), ""


def _other_row(one: _Masked) -> InputError:
    return InputError(
        f"Line {one.line} of the input is not the row that the run was started with. Put the old input back, "
        "or export without --with-secrets."
    )
