"""The filter language: what it reads, and that its SQL means what it says."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fetchdeck.core.errors import OptionError
from fetchdeck.core.journal.filter import SYNTAX, RowFilter
from fetchdeck.core.model import FailureKind, State
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..support.journal_factory import Made, append, open_journal

WORDS = st.sampled_from(["a", "A", "%", "_", "\\", "é", "x%y", "a_b", "busy", "e.com", "日本", "[/x]"])
TEXTS = st.lists(WORDS, max_size=3).map("".join)
ROWS = st.builds(
    Made,
    state=st.sampled_from(State),
    url=TEXTS.map(lambda text: f"http://h/{text}"),
    host=st.sampled_from(["api.e.com", "e.com", "127.0.0.1"]),
    columns=st.dictionaries(st.just("q"), st.sampled_from(["Berlin", "busy", "50%"])),
    status=st.none() | st.integers(200, 599),
    kind=st.none() | st.sampled_from(FailureKind),
    message=st.none() | TEXTS,
    attempts=st.integers(0, 5),
    size=st.none() | st.integers(0, 20_000),
    elapsed_ms=st.none() | st.integers(0, 5_000).map(float),
)
FILTERS = st.builds(
    RowFilter,
    states=st.frozensets(st.sampled_from(State), max_size=3),
    statuses=st.lists(st.tuples(st.integers(100, 600), st.integers(100, 600)), max_size=2).map(tuple),
    kinds=st.frozensets(st.sampled_from(FailureKind), max_size=3),
    hosts=st.lists(st.sampled_from(["E.com", "api", "127"]), max_size=2).map(tuple),
    causes=st.frozensets(st.integers(0, 4), max_size=1),
    comparisons=st.lists(
        st.tuples(
            st.sampled_from(["elapsed_ms", "bytes", "attempts"]), st.sampled_from("<>"), st.floats(0, 9_999)
        ),
        max_size=2,
    ).map(tuple),
    words=st.lists(WORDS, max_size=2).map(tuple),
    without=st.lists(WORDS, max_size=2).map(tuple),
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(open_journal(tmp_path / "journal.sqlite")) as db:
        db.row_factory = sqlite3.Row
        yield db


def ascii_lower(text: str) -> str:
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def selects(rows: RowFilter, row: dict[str, Any]) -> bool:
    def compares(column: str, operator: str, value: float) -> bool:
        have = row[column]
        return have is not None and (have < value if operator == "<" else have > value)

    texts = [ascii_lower(row[name] or "") for name in ("url", "row", "message")]
    mentions = [any(ascii_lower(word) in text for text in texts) for word in rows.words]
    without = [any(ascii_lower(word) in text for text in texts) for word in rows.without]
    status = row["status"]
    return all(
        (
            not rows.states or State(row["state"]) in rows.states,
            not rows.statuses
            or any(status is not None and low <= status <= high for low, high in rows.statuses),
            not rows.kinds or row["kind"] in rows.kinds,
            not rows.hosts or any(host.lower() in row["host"] for host in rows.hosts),
            not rows.causes or row["cause"] in rows.causes,
            all(compares(*comparison) for comparison in rows.comparisons),
            all(mentions),
            not any(without),
        )
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(made=st.lists(ROWS, max_size=12), filters=st.lists(FILTERS, min_size=1, max_size=8))
def test_sql_selects_what_the_filter_means(
    journal: sqlite3.Connection, made: list[Made], filters: list[RowFilter]
) -> None:
    for table in ("requests", "causes", "attempts", "counters"):
        journal.execute(f"DELETE FROM {table}")
    append(journal, made)
    everything = [dict(row) for row in journal.execute("SELECT * FROM requests ORDER BY id")]
    for rows in filters:
        where, values = rows.where()
        found = journal.execute(f"SELECT id FROM requests WHERE {where} ORDER BY id", values)
        assert [row["id"] for row in found] == [row["id"] for row in everything if selects(rows, row)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.text(max_size=12)
        | st.sampled_from(["status:", "state:", "kind:", "host:", "cause:", "slow>", "size<", "-", '"', "'"])
        | st.integers().map(str),
        max_size=8,
    ).map("".join)
    | st.text(max_size=60)
)
def test_any_text_is_a_filter_that_sqlite_takes_or_an_option_error(
    journal: sqlite3.Connection, text: str
) -> None:
    with contextlib.suppress(OptionError):
        where, values = RowFilter.parse(text).where()
        journal.execute(f"SELECT id FROM requests WHERE {where}", values).fetchall()


@pytest.mark.parametrize(
    "text",
    ["a " * 101, "x" * 2_001, f"cause:{2**63}", f"status:{9**99}", "cause:" + "9" * 1_900, "a\0b", "\ud800"],
)
def test_what_sqlite_could_not_take_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        RowFilter.parse(text)


def test_the_most_terms_and_the_longest_word_are_taken(journal: sqlite3.Connection) -> None:
    for text in ("-b " * 100, "%" * 2_000, "status:200 " * 100):
        where, values = RowFilter.parse(text).where()
        assert journal.execute(f"SELECT id FROM requests WHERE {where}", values).fetchall() == []


def test_each_term_of_the_language_is_read() -> None:
    rows = RowFilter.parse(
        'status:5xx status:301-308 STATE:failed kind:timeout host:API. cause:3 slow>2s size>10kb -"a b" c'
    )
    assert rows == RowFilter(
        states=frozenset({State.FAILED}),
        statuses=((500, 599), (301, 308)),
        kinds=frozenset({FailureKind.TIMEOUT}),
        hosts=("API.",),
        causes=frozenset({3}),
        comparisons=(("elapsed_ms", ">", 2_000.0), ("bytes", ">", 10_000.0)),
        words=("c",),
        without=("a b",),
    )
    assert RowFilter.parse(SYNTAX).words == ("word",)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("state:done", "state:done"),
        ("kind:x", "kind:x"),
        ("status:abc", "abc"),
        ("attempts>2s", "unit"),
        ('"a', "quote"),
    ],
)
def test_a_bad_term_is_named(text: str, named: str) -> None:
    with pytest.raises(OptionError, match=named):
        RowFilter.parse(text)
