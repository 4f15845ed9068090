"""A bare export: what a succeeded request has, through a cursor, as JSON lines. `export.py JOURNAL OUTPUT`.

It looks at nothing: headers stay one text, every body is taken for UTF-8, each request for one that had one attempt and
no failure, no date is made readable, nothing is synced.
"""

import sqlite3
import sys

import msgspec

FIELDS = """SELECT r.id, r.row, r.method, r.url, r.state, r.status, r.bytes, r.elapsed_ms, r.ended_at,
p.headers, p.body, a.started, a.elapsed_ms, a.status
FROM requests r JOIN responses p ON p.request = r.id JOIN attempts a ON a.request = r.id ORDER BY r.id"""


class Line(msgspec.Struct, gc=False):
    id: int
    row: msgspec.Raw
    method: str
    url: str
    state: int
    status: int
    bytes: int
    elapsed_ms: float
    ended_at: float
    headers: str
    body: str
    started: float
    took_ms: float
    came_to: int


def main(journal: str, output: str) -> None:
    encoder, raw = msgspec.json.Encoder(), msgspec.Raw
    count = 0
    rows = sqlite3.connect(f"file:{journal}?mode=ro", uri=True).execute(FIELDS)
    with open(output, "wb", buffering=0) as file:  # noqa: PTH123
        while found := rows.fetchmany(128):
            lines = [
                Line(id_, raw(row), method, url, state, status, size, took, at, str(headers, "latin-1"),
                     str(body, "utf-8"), *tried)
                for id_, row, method, url, state, status, size, took, at, headers, body, *tried in found
            ]  # fmt: skip
            file.write(encoder.encode_lines(lines))
            count += len(lines)
    print(count)


main(sys.argv[1], sys.argv[2])
