"""The filter language: what it reads, and that its SQL means what it says."""

from __future__ import annotations

import contextlib
import operator as op
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fetchdeck.core.errors import OptionError
from fetchdeck.core.journal.filter import SYNTAX, TERMS, RowFilter
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
SPANS = st.tuples(st.integers(100, 600), st.integers(100, 600)).map(lambda ends: (min(ends), max(ends)))
COMPARISONS = st.tuples(
    st.sampled_from(["elapsed_ms", "bytes", "attempts"]),
    st.sampled_from(["<", ">", "<=", ">=", "="]),
    st.floats(0, 9_999) | st.integers(0, 9).map(float),
) | st.tuples(
    st.just("ended_at"), st.sampled_from(["<", ">="]), st.integers(1_699_999_990, 1_700_000_020).map(float)
)
NOW = 1_700_000_000.0
HOSTS = st.sampled_from(["E.com", "api", "127"])
NOTS = st.one_of(
    st.builds(RowFilter, states=st.frozensets(st.sampled_from(State), min_size=1, max_size=3)),
    st.builds(RowFilter, statuses=st.lists(SPANS, min_size=1, max_size=2).map(tuple)),
    st.builds(RowFilter, kinds=st.frozensets(st.sampled_from(FailureKind), min_size=1, max_size=3)),
    st.builds(RowFilter, hosts=st.lists(HOSTS, min_size=1, max_size=2).map(tuple)),
    st.builds(RowFilter, causes=st.frozensets(st.integers(0, 4), min_size=1)),
    st.builds(RowFilter, ids=st.lists(SPANS, min_size=1, max_size=2).map(tuple)),
    st.builds(RowFilter, comparisons=st.tuples(COMPARISONS)),
)


def filters(words: st.SearchStrategy[str], hosts: st.SearchStrategy[str]) -> st.SearchStrategy[RowFilter]:
    return st.builds(
        RowFilter,
        states=st.frozensets(st.sampled_from(State), max_size=3),
        statuses=st.lists(SPANS, max_size=2).map(tuple),
        kinds=st.frozensets(st.sampled_from(FailureKind), max_size=3),
        hosts=st.lists(hosts, max_size=2).map(tuple),
        causes=st.frozensets(st.integers(0, 4), max_size=2),
        ids=st.lists(st.tuples(st.integers(0, 5), st.integers(5, 10)), max_size=2).map(tuple),
        comparisons=st.lists(COMPARISONS, max_size=2).map(tuple),
        words=st.lists(words, max_size=2).map(tuple),
        without=st.lists(words, max_size=2).map(tuple),
        nots=st.lists(NOTS, max_size=2).map(tuple),
    )


FILTERS = filters(WORDS, HOSTS)
ANY_TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)
AWKWARD = ANY_TEXT | st.sampled_from(
    [
        "-",
        "--x",
        '"',
        "'",
        "a b",
        "status:5xx",
        "SLOW>2",
        "-state:failed",
        "x,y",
        "\\",
        '\\"',
        "",
        " ",
        "http://a/",
    ]
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(open_journal(tmp_path / "journal.sqlite")) as db:
        db.row_factory = sqlite3.Row
        yield db


OPERATORS = {"<": op.lt, ">": op.gt, "<=": op.le, ">=": op.ge, "=": op.eq}


def ascii_lower(text: str) -> str:
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def selects(rows: RowFilter, row: dict[str, Any]) -> bool:
    def compares(column: str, operator: str, value: float) -> bool:
        have = row[column]
        return have is not None and OPERATORS[operator](have, value)

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
            not rows.ids or any(low <= row["id"] <= high for low, high in rows.ids),
            not any(selects(one, row) for one in rows.nots),
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
        | st.sampled_from(
            ["status:", "state:", "kind:", "host:", "cause:", "slow>", "size<", "-", '"', "'", " "]
        )
        | st.sampled_from(
            ["row:", "last:", "after:", "before:", "status>", "2h", "5xx", ",", "12:30", "2020-01-01"]
        )
        | st.integers().map(str),
        max_size=8,
    ).map("".join)
    | st.text(max_size=60)
)
def test_any_text_is_a_filter_that_sqlite_takes_or_an_option_error(
    journal: sqlite3.Connection, text: str
) -> None:
    with contextlib.suppress(OptionError):
        rows = RowFilter.parse(text, NOW)
        where, values = rows.where()
        journal.execute(f"SELECT id FROM requests WHERE {where}", values).fetchall()
        assert RowFilter.parse(rows.text(), NOW) == rows


@given(filters(AWKWARD, AWKWARD.filter(bool)))
def test_a_filter_is_written_so_that_it_reads_the_same(rows: RowFilter) -> None:
    assert RowFilter.parse(rows.text()) == rows


@pytest.mark.parametrize(
    "text",
    [
        "a " * 101,
        "x" * 2_001,
        f"cause:{2**63}",
        f"row:{2**63}",
        f"status:{9**99}",
        "cause:" + "9" * 1_900,
        "a\0b",
        "\ud800",
    ],
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
        ("b status:5xx,x", "status:5xx,x"),
        (
            "status:500-400",
            "'status:500-400' cannot be understood .character 1.: a status is a number such as",
        ),
        ("a  slow>fast", "'slow>fast' cannot .* .character 4.: .* such as slow>2s"),
        ("slow:2s", "compare with"),
        ("host:", "part of a host"),
        ("host>a", "write host:VALUE"),
        ("row:x", "such as 100-200"),
        ("last:5", "last:5m"),
        ("last:5y", "last:5m"),
        ("after:25:00", "after:14:30"),
        ("before:9999-99-99", "ISO 8601"),
        ("status<0", "no status"),
        ('a "b"c', "A space is missing behind the quote that closes at character 5"),
    ],
)
def test_a_bad_term_is_named(text: str, named: str) -> None:
    with pytest.raises(OptionError, match=named):
        RowFilter.parse(text, NOW)


def test_lists_ranges_comparisons_and_negations_are_read() -> None:
    rows = RowFilter.parse(
        "status:429,5xx -status:404 state:failed,skipped row:7,100-200 slow>=250ms size<=2mb tries=3 "
        'status>=400 -host:api -slow<1s "status:5xx" don\'t -"-x"'
    )
    assert rows == RowFilter(
        states=frozenset({State.FAILED, State.SKIPPED}),
        statuses=((429, 429), (500, 599), (400, 999)),
        ids=((7, 7), (100, 200)),
        comparisons=(("elapsed_ms", ">=", 250.0), ("bytes", "<=", 2e6), ("attempts", "=", 3.0)),
        words=("status:5xx", "don't"),
        without=("-x",),
        nots=(
            RowFilter(statuses=((404, 404),)),
            RowFilter(hosts=("api",)),
            RowFilter(comparisons=(("elapsed_ms", "<", 1_000.0),)),
        ),
    )
    assert rows.text() == (
        "state:failed,skipped status:429,5xx,400-999 row:7,100-200 slow>=250ms size<=2mb attempts=3 "
        '"status:5xx" don\'t -"-x" -status:404 -host:api -slow<1s'
    )


def test_times_are_the_last_that_there_were() -> None:
    noon = datetime(2026, 5, 4, 12, 0, 30).astimezone()
    now = noon.timestamp()
    expected = {
        "after:11:59": noon.replace(hour=11, minute=59, second=0),
        "after:12:00:30": noon,
        "after:12:01": noon.replace(day=3, minute=1, second=0),
        "after:2026-05-01T10:00": noon.replace(day=1, hour=10, minute=0, second=0),
        "last:90s": noon.replace(hour=11, minute=59, second=0),
        "last:2h": noon.replace(hour=10),
    }
    for text, moment in expected.items():
        assert RowFilter.parse(text, now).comparisons == (("ended_at", ">=", moment.timestamp()),), text
    assert RowFilter.parse("before:11:00", now).comparisons[0][1] == "<"


def test_every_term_that_help_shows_is_one() -> None:
    for term in TERMS:
        rows = RowFilter.parse(term.example)
        assert rows.words == ()
        assert RowFilter.parse(f"-{term.example}").nots == (rows,)
