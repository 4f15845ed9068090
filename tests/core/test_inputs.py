"""Opening inputs: formats, refusals, text lists, pipes, going on in the middle."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from fetchdeck.core.errors import InputError
from fetchdeck.core.inputs.lines import LineReader
from fetchdeck.core.inputs.parser import Mark
from fetchdeck.core.inputs.source import BATCH, open_source
from fetchdeck.core.inputs.text import MAX_LINE, TextParser
from fetchdeck.core.job import InputFormat
from fetchdeck.core.model import BadRow, Row
from hypothesis import given
from hypothesis import strategies as st

from tests.support.reading import finished, parsed, records_of

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=4)


async def test_a_text_list_has_a_row_for_each_line_that_says_something(tmp_path: Path) -> None:
    path = tmp_path / "urls.txt"
    path.write_bytes(b"\xef\xbb\xbfhttp://a/\r\n\n# note\n  http://b/ \t\nhttp://c/")
    assert await records_of(path) == [
        Row(0, 1, {"url": "http://a/"}),
        Row(1, 4, {"url": "http://b/"}),
        Row(2, 5, {"url": "http://c/"}),
    ]


async def test_a_bad_line_is_a_bad_row_and_the_next_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "urls.txt"
    path.write_bytes(b"http://a/\nhttp://\xff/\nhttp://\0/\x1b[2J\nhttp://\xed\xa0\x80/\nhttp://b/\n")
    records = await records_of(path)
    assert [(record.id, record.line, type(record)) for record in records] == [
        (0, 1, Row), (1, 2, BadRow), (2, 3, BadRow), (3, 4, BadRow), (4, 5, Row),
    ]  # fmt: skip
    assert [record.reason for record in records if isinstance(record, BadRow)] == [
        "it is not UTF-8 (byte 0xFF)",
        "it holds a NUL character",
        "it is not UTF-8 (byte 0xED)",
    ]
    assert isinstance(records[2], BadRow)
    assert records[2].text == "http://␀/␛[2J"


def test_a_line_without_end_is_one_bad_row_in_bounded_memory() -> None:
    data = b"http://a/\n" + b"x" * (3 * MAX_LINE) + b"\nhttp://b/\n"
    records = parsed(TextParser(Mark()), data, [100_000])
    assert [type(record) for record in records] == [Row, BadRow, Row]
    assert records[1].line == 2
    assert records[2] == Row(2, 3, {"url": "http://b/"})

    async def endless(size: int) -> bytes:
        return b"x" * size if reader.offset + reader._carried < 50 * MAX_LINE else b""

    reader = LineReader(endless, MAX_LINE)
    (line,) = finished(reader.read())
    assert len(line) == MAX_LINE + 1


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line)), SIZES)
def test_chunk_boundaries_change_nothing(lines: list[bytes], sizes: list[int]) -> None:
    data = b"\n".join(lines)
    whole = parsed(TextParser(Mark()), data, [len(data) + 1])
    assert parsed(TextParser(Mark()), data, sizes) == whole
    wanted = [
        (number, line.strip())
        for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1)
        if line.strip() and not line.strip().startswith(b"#")
    ]
    assert [record.line for record in whole] == [number for number, _ in wanted]
    assert [record.id for record in whole] == list(range(len(wanted)))
    for record, (_, text) in zip(whole, wanted, strict=True):
        if isinstance(record, Row):
            assert record.columns == {"url": text.decode()}


@given(st.lists(st.sampled_from([b"a\n", b"bc\r\n", b"\n"])), SIZES)
def test_the_offset_is_where_the_next_line_begins(lines: list[bytes], sizes: list[int]) -> None:
    data = b"".join(lines)
    at = 0

    async def read(_size: int) -> bytes:
        nonlocal at
        at += sizes[0]
        return data[at - sizes[0] : at]

    reader = LineReader(read, 100)
    seen = 0
    while block := finished(reader.read()):
        seen += sum(map(len, block))
        assert reader.offset == seen


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.txt", "txt"), ("a.CSV", "csv"), ("a.tsv", "tsv"), ("a.jsonl", "jsonl"), ("a.ndjson", "jsonl")],
)
async def test_the_suffix_says_the_format(tmp_path: Path, name: str, form: str) -> None:
    (tmp_path / name).write_text("url\n")
    source = await open_source(str(tmp_path / name), None)
    assert source.format is InputFormat(form)
    await source.close()


async def test_refusals_are_one_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_text("x")
    (tmp_path / "latin.csv").write_bytes("größe,url\n".encode("latin-1"))
    (tmp_path / "empty.csv").write_text("\n\n")
    (tmp_path / "blank.csv").write_text(" , \n")
    (tmp_path / "twice.csv").write_text("url,name,url\n")
    (tmp_path / "open.csv").write_text('"url,name\n1,2\n')
    (tmp_path / "nul.tsv").write_text("a\0b\turl\n")
    for name, said in {
        "missing.txt": "There is no input",
        "": "is a folder",
        "a.bin": "--format",
        "latin.csv": "not UTF-8",
        "empty.csv": "add a header",
        "blank.csv": "add a header",
        "twice.csv": "'url' more than once",
        "open.csv": "header cannot be read",
        "nul.tsv": "NUL",
        "a\0b": "cannot be the name of a file",
    }.items():
        with pytest.raises(InputError, match=said) as caught:
            await open_source(str(tmp_path / name), None)
        assert str(caught.value).endswith(".")
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.touch(mode=0)
    with pytest.raises(InputError, match="permissions"):
        await open_source(str(path), None)


@pytest.mark.parametrize(
    ("data", "form", "columns"),
    [
        (b'\n  {"url": "http://a/"}\n', "jsonl", None),
        (b"\n# x\nhttp://a/\n", "txt", ("url",)),
        (b"\xef\xbb\xbf{}", "jsonl", None),
        (b"", "txt", ("url",)),
    ],
)
async def test_standard_input_is_known_by_its_first_line(data: bytes, form: str, columns: object) -> None:
    source = await open_source("-", None, stdin=io.BytesIO(data))
    assert (source.format.value, source.columns, source.identity, source.rewindable) == (
        form,
        columns,
        None,
        False,
    )
    records = [record async for batch in source.batches() for record in batch]
    assert [record.id for record in records] == list(range(data.count(b"/\n") or data.count(b"{")))
    await source.close()


async def test_a_pipe_gives_its_rows_while_it_is_still_written() -> None:
    out, into = os.pipe()
    with open(out, "rb") as reading, open(into, "wb", buffering=0) as writing:  # noqa: PTH123
        writing.write(b"url\thost\nhttp://a/\tx\n")
        source = await open_source("-", InputFormat.TSV, stdin=reading)
        assert source.columns == ("url", "host")
        assert await source.first() == Row(0, 2, {"url": "http://a/", "host": "x"})
        batches = source.batches()
        assert await anext(batches) == [Row(0, 2, {"url": "http://a/", "host": "x"})]
        writing.write(b"http://b/\ty\n")
        assert await anext(batches) == [Row(1, 3, {"url": "http://b/", "host": "y"})]
        writing.close()
        assert [batch async for batch in batches] == []
        with pytest.raises(RuntimeError):
            await anext(source.batches())
        await source.close()
        assert not reading.closed


async def test_what_was_peeked_at_is_skipped_like_the_rest() -> None:
    source = await open_source("-", None, stdin=io.BytesIO(b"http://a/\nhttp://b/\nhttp://c/\n"))
    await source.first()
    assert [record.id async for batch in source.batches(1) for record in batch] == [1, 2]
    await source.close()


async def test_a_file_is_read_in_batches_from_anywhere_and_again(tmp_path: Path) -> None:
    path = tmp_path / "many.txt"
    path.write_text("".join(f"http://a/{number:060}\n\n" for number in range(12_000)))
    source = await open_source(str(path), None)
    first = await source.first()
    sizes: list[int] = []
    records: list[Row | BadRow] = []
    async for batch in source.batches():
        sizes.append(len(batch))
        records += batch
    assert first == records[0]
    assert len(records) == 12_000
    assert max(sizes) == BATCH
    for skip in (0, 1, 4_999, 11_999, 12_000, 99_999):
        again = [record async for batch in source.batches(skip) for record in batch]
        assert again == records[skip:]
    await source.close()


async def test_two_readings_at_once_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.txt"
    path.write_text("http://a/\n" * 2_000)
    source = await open_source(str(path), None)
    one = source.batches()
    await anext(one)
    await anext(source.batches())
    with pytest.raises(RuntimeError):
        await anext(one)
    await source.close()


async def test_the_identity_tells_files_apart(tmp_path: Path) -> None:
    async def identity(data: bytes) -> str | None:
        path = tmp_path / "a.txt"
        path.write_bytes(data)
        source = await open_source(str(path), None)
        await source.close()
        return source.identity

    big = b"x" * 200_000
    found = [await identity(data) for data in (b"", b"a", b"b", big, big + b"y", b"y" + big, big)]
    assert len(set(found)) == len(found) - 1
    assert found[3] == found[6]
