from __future__ import annotations

import json
from pathlib import Path

import pytest
from fetchdeck.core.engine.run import open_run
from fetchdeck.core.job import Job, Options, Templates
from fetchdeck.core.journal.reader import JournalReader
from fetchdeck.core.policies.server_words import LONGEST, MOST_OCTETS, said, with_words
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fault_server import FaultServer, Send, reply


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"code": 429, "message": "Quota exceeded"}}, "Quota exceeded"),
        ({"error": "invalid_grant", "error_description": "The token is bad"}, "The token is bad"),
        ({"error": "invalid_grant"}, "invalid_grant"),
        (
            {"type": "about:blank", "title": "Gone", "status": 410, "detail": "It was deleted"},
            "It was deleted",
        ),
        ({"detail": [{"loc": ["body", "x"], "msg": "field required"}]}, "field required"),
        ({"errors": [{"title": "Bad filter"}, {"title": "Bad sort"}]}, "Bad filter"),
        ([{"errorCode": "X", "Message": "no\n  such place"}], "no such place"),
        ({"places": []}, None),
        ({"message": ""}, None),
        ("just text", None),
    ],
)
def test_the_message_is_found_in_json(body: object, words: str | None) -> None:
    assert said(b"", json.dumps(body).encode()) == words


def test_the_message_is_found_in_other_bodies() -> None:
    assert said(b"", b"<!doctype html><html><head><TITLE >Down &amp; out</title>") == "Down & out"
    xml = b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>The key is not there</Message></Error>"
    assert said(b"", xml) == "The key is not there"
    assert (
        said(b"Content-Type: text/plain; charset=utf-8", b" place not found \nat line 3") == "place not found"
    )
    assert said(b"Content-Type: image/png", b"\x89PNG") is None
    assert said(b"", b"[" * 10_000) is None
    assert said(b"", b'{"message": "' + b"x" * MOST_OCTETS + b'"}') is None
    assert said(b"", b'{"message": "' + b"x" * 3000 + b'"}') is None, "a secret could be cut in two"


@given(st.binary(max_size=300) | st.sampled_from([b"{", b"<title>", b'{"message":']).map(lambda b: b * 40))
def test_no_body_breaks_it(body: bytes) -> None:
    words = said(b"Content-Type: text/plain", body)
    assert words is None or "\n" not in words


def test_a_message_says_nothing_twice_and_is_short() -> None:
    assert with_words("HTTP 502 Bad Gateway", "502 Bad Gateway") == "HTTP 502 Bad Gateway"
    assert with_words("HTTP 502 Bad Gateway", "***") == "HTTP 502 Bad Gateway"
    assert with_words("HTTP 404 Not Found", "no such place") == "HTTP 404 Not Found: no such place"
    assert len(with_words("HTTP 404", "x" * 999)) == len("HTTP 404: ") + LONGEST


async def test_failures_are_told_apart_by_what_the_server_says_and_keep_no_secret(tmp_path: Path) -> None:
    def answer(path: str) -> tuple[Send, ...]:
        place = path.partition("?")[0].rpartition("/")[2]
        why = (
            f"Key {path.rpartition('=')[2]} is \x1b[31mspent"
            if int(place) % 2
            else f"place {place} not found"
        )
        return (Send(reply(json.dumps({"error": {"message": why}}).encode(), "403 Forbidden")),)

    source = tmp_path / "in.csv"
    source.write_text("place\n" + "".join(f"{n}\n" for n in range(40)))
    async with FaultServer(default=answer) as server:
        url = server.url("/v1/{{ place }}?key={{ env.API_KEY }}")
        job = Job(str(source), templates=Templates(url=url))
        async with open_run(
            job, Options(retries=0), tmp_path / "x.run", environ={"API_KEY": "s3cr3t-v4lue"}
        ) as run:
            await run.finished()
            async with JournalReader(run.journal_path) as reader:
                causes = await reader.causes()
    assert {cause.signature: cause.count for cause in causes} == {
        "HTTP 403 Forbidden: place N not found": 20,
        "HTTP 403 Forbidden: Key *** is ␛[Nmspent": 20,
    }
    assert sum(n for _, n in causes[0].trend.minutes) == 20
    for file in (tmp_path / "x.run").rglob("*log*"):
        assert b"s3cr3t" not in file.read_bytes()
