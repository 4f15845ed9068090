"""The longer statements with which the store changes requests."""

from __future__ import annotations

# `state < 3` and `state >= 3` repeat the conditions of the partial indexes: SQLite infers neither from `state = 0`.
NEXT = """
SELECT id, attempts + 1, tries, line, method, url, host, row, spec, sealed
FROM requests WHERE state = 0 AND state < 3 AND id >= ? AND id < ? {} ORDER BY id LIMIT ?
"""
"""The first that are queued, for the ids from and below, and how many; `format` takes a further condition."""
LEASE = """
UPDATE requests SET state = 1, attempts = attempts + 1
WHERE state = 0 AND state < 3 AND id BETWEEN ? AND ? {}
"""
"""For the first and the last id of `NEXT`, with its further condition: then these are the same requests.

Apart, the two take four fifths of what one with RETURNING takes.
"""
LEASE_AGAIN = "UPDATE requests SET state = 1, attempts = attempts + 1 WHERE id = ? AND state = 2"
"""For the id."""
GIVE_BACK = "UPDATE requests SET state = 0, attempts = attempts - 1 WHERE state = 1"
"""For all that are leased; takes a further condition at its end."""
SKIP = """
UPDATE requests SET state = 5, attempts = attempts - ?, kind = 'cancelled', message = 'skipped by hand',
ended = ?, ended_at = ? WHERE id = ?
"""
"""For whether it was leased, the order and the time of its end, and the id."""
REQUEUE = """
UPDATE requests SET state = 0, tries = 0, sent = 0, cause = NULL, ended = NULL, ended_at = NULL
WHERE id IN (SELECT id FROM picked)
"""
"""For the requests of a temporary table `picked`."""
SKIP_FAILED = "UPDATE requests SET state = 5 WHERE id IN (SELECT id FROM picked)"
"""For the requests of a temporary table `picked`."""
RESEND = """
UPDATE requests SET state = 0, tries = 0, sent = 0, cause = NULL, ended = NULL, ended_at = NULL,
method = ?, url = ?, host = ?, sealed = sealed | 4 WHERE id = ?
"""
"""For method, URL and host, masked, and the id."""
QUEUED_URL = "SELECT url FROM requests WHERE state = 0 AND state < 3 AND id >= ? ORDER BY id LIMIT 1"
"""For the id from which to look."""
ATTEMPTS_SEEN = """
SELECT count(*) FROM attempts
WHERE started >= ? AND (kind IS NULL OR hops IS NOT NULL OR kind NOT IN ({}))
"""
"""For the wall clock, and the kinds that `format` takes a place for each of: no server has seen such attempts."""
GAPS = """
SELECT before + 1, id FROM (
    SELECT id, lag(id, 1, -1) OVER (ORDER BY id) AS before FROM
    (SELECT id FROM requests WHERE id < ? UNION ALL SELECT ?)
) WHERE id > before + 1
"""
"""For the number of rows, twice: where rows are missing, from and below."""
