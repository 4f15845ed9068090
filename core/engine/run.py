"""Opening a run: every check first, then the folder, then the engine with all its parts."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Collection, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from msgspec.structs import replace

from ..errors import InputError, RunError
from ..inputs.source import Source, open_source
from ..job import Job, Options
from ..journal.damage import unusable
from ..journal.discard import refuse_to_discard
from ..journal.filter import RowFilter
from ..journal.folder import RunFolder
from ..journal.lock import RunLock
from ..journal.meta import read_meta
from ..journal.store import Store
from ..model import BadRow, Row, State
from ..requests.templates import RequestBuilder
from ..transport.late import Loading
from . import identity
from .assembly import assemble
from .engine import Engine
from .ingest import digest_of
from .option_texts import changed, unusual
from .plan import Plan
from .rebind import check_rows, lacks_job, no_job
from .watch import descriptor_shortage


def stored_job(
    folder: Path,
    headers: tuple[tuple[str, str], ...] = (),
    *,
    other_proxy: bool = False,
    other_rules: Collection[str] = (),
) -> tuple[Job, Options]:
    """The job and the options a run folder was last worked on with, `headers` in place of those of the same name.

    With `other_proxy` the stored proxy is left out, because the caller says anew which one to use; so are the rules
    of the options (`ok_if`) in `other_rules`.
    Raises RunError where there is no run, or where a secret is missing that was not stored.
    """
    stored = _stored(RunFolder(folder))
    if stored is None:
        raise no_job(RunFolder(folder))
    return identity.restore(stored, headers, folder, other_proxy=other_proxy, other_rules=other_rules)


@asynccontextmanager
async def open_run(
    job: Job,
    options: Options,
    folder: Path,
    *,
    fresh: bool = False,
    again: RowFilter | None = None,
    other_headers: bool = False,
    environ: Mapping[str, str],
    stdin: BinaryIO | None = None,
    loading: Loading | None = None,
) -> AsyncGenerator[Engine]:
    """Begin a run, or go on with the one in `folder`; leaving the context makes everything durable.

    Raises InputError, TemplateError, OptionError or RunError before anything is created or sent. `fresh`
    discards the run that is there, `again` first queues those failed and skipped requests again. `stdin` is
    read where the job's input is `-`. With `other_headers` it is still the same run if only its headers differ.
    Where there is a `loading`, nothing is sent before it is done.
    """
    run_folder = RunFolder.at(folder)
    plan = Plan.of(job, options, environ)
    async with AsyncExitStack() as stack:
        source = await _source(job, stdin, ingested=not fresh and _ingested(run_folder))
        if source is not None:
            stack.push_async_callback(source.close)
            await _check_columns(source, plan.builder, job)
        run_folder.create()
        lock = RunLock(run_folder)
        stack.callback(lock.release)
        if fresh and run_folder.has_run:
            refuse_to_discard(run_folder)
            run_folder.discard_run()
        if await asyncio.to_thread(lacks_job, run_folder):
            await check_rows(run_folder, await _first_records(source, job) if source else (), plan)
        wanted = identity.record(job, options, await _identity(source), plan.redactor)
        stored = _stored(run_folder)
        if stored is not None:
            _check_same(stored, wanted, source, run_folder, other_headers=other_headers)
        with _sqlite_errors(run_folder):
            store, requeued = _bound_store(run_folder, wanted, again, source)
            session, engine, pulse = await assemble(stack, plan, run_folder, store, source, job, loading)
        session.mask = plan.redactor.text
        shortage = descriptor_shortage(options.concurrency)
        if shortage is not None:
            session.warn(shortage)
        if again is not None:
            session.tell_requeued(requeued)
        if stored is not None and (changes := changed(stored, wanted)):
            session.tell_options(changes)
        session.start(unusual(wanted["options"], plan.proxies.shown))
        session.spawn(pulse.beat(store))
        try:
            yield engine
        finally:
            try:
                await session.close()
            except Exception:
                # What ended the journal has been told as the reason to refuse.
                if session.refused is None:
                    raise
        if session.refused is not None:
            raise RunError(session.refused)


def _stored(folder: RunFolder) -> dict[str, Any] | None:
    return cast("dict[str, Any] | None", read_meta(folder.journal, "job") if folder.has_run else None)


def _ingested(folder: RunFolder) -> bool:
    """Whether a run is here whose input has been read to its end."""
    found = cast("dict[str, Any] | None", read_meta(folder.journal, "ingest") if folder.has_run else None)
    return found is not None and bool(found["done"])


async def _source(job: Job, stdin: BinaryIO | None, *, ingested: bool) -> Source | None:
    """The input; None where the run can go on without it."""
    if job.input == "-" and stdin is None:
        return None
    try:
        return await open_source(job.input, job.format, stdin=stdin)
    except InputError:
        if ingested:
            return None
        raise
    except OSError as error:
        raise InputError(f"The input {job.input} cannot be read: {error.strerror or error}.") from error


async def _check_columns(source: Source, builder: RequestBuilder, job: Job) -> None:
    """Refuse a template with a column that the input does not have."""
    if source.columns is not None:
        builder.check_columns(source.columns)
        return
    # JSON lines may differ from one another: a column is unknown only if none of the first ones has it.
    columns = {"url"}
    for record in await _first_records(source, job):
        if isinstance(record, Row):
            columns.update(record.columns)
    if len(columns) > 1:
        builder.check_columns(columns)


async def _first_records(source: Source, job: Job) -> Sequence[Row | BadRow]:
    if not source.rewindable:
        first = await source.first()
        return [first] if first is not None else []
    again = await open_source(job.input, job.format)
    try:
        async for records in again.batches():
            return records
        return []
    finally:
        await again.close()


async def _identity(source: Source | None) -> str | None:
    """What tells this input from another; of a pipe only its first record can be known beforehand."""
    if source is None or source.identity is not None:
        return source.identity if source is not None else None
    first = await source.first()
    return f"first row {digest_of(first).hex()[:32]}" if first is not None else "empty"


@contextmanager
def _sqlite_errors(folder: RunFolder) -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise unusable(folder.journal, error) from error


def _check_same(
    stored: dict[str, Any],
    wanted: dict[str, Any],
    source: Source | None,
    folder: RunFolder,
    *,
    other_headers: bool,
) -> None:
    """Raise RunError where the run that is there belongs to another job; its input is `wanted` where there is none."""
    if source is None:
        wanted["identity"], wanted["input"] = stored["identity"], stored["input"]
    differs = identity.difference(stored, wanted, headers=not other_headers)
    if differs is not None:
        raise RunError(
            f"The run in {folder.path} is another one: {differs}. "
            "Use --run OTHER for a new run, or --fresh to discard this one."
        )


def _bound_store(
    folder: RunFolder, wanted: dict[str, Any], again: RowFilter | None, source: Source | None
) -> tuple[Store, int]:
    """The journal, new or of the same job, and how many requests were queued again.

    Raises RunError where it lacks an input that is still needed.
    """
    store = Store(folder)
    try:
        store.recover()
        with store.transaction():
            store.set_meta("job", wanted)
            store.note_gaps()
            requeued = store.requeue(again) if again is not None else 0
            if again is not None and not requeued and (terms := _terms(again)):
                # The rest of the run is not what was asked for.
                raise RunError(
                    f"No failed request of {folder.path} matches '{terms}'. Correct the filter, or leave it out to "
                    "retry all of them."
                )
            if source is None and (sealed := len(store.pending_sealed())):
                raise RunError(
                    f"{sealed:,} rows of the run in {folder.path} hold secrets, which are not stored, and its input "
                    f"({wanted['input']}) is not at hand. Put it back, or run the first command again with it."
                )
    except BaseException:
        store.close()
        raise
    return store, requeued


def _terms(rows: RowFilter) -> str:
    """A filter in its own language; empty where it narrows nothing down among the failed requests."""
    return replace(rows, states=rows.states - {State.FAILED}).text()
