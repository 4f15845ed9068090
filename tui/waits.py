"""What a run waits for while nothing is in flight, in words. For every front end; loads neither Textual nor Rich."""

from __future__ import annotations

import time

from ..core.printable import printable
from ..core.snapshot import Wait, WaitCause
from .figures import count

_DAY_S = 86_400


def wait_words(wait: Wait, now: float) -> str:
    """`api.example.com rests until 14:03:20`, by the local time of day; `now` is the wall clock."""
    form = "%a %H:%M" if wait.until - now > _DAY_S else "%H:%M:%S"
    until = time.strftime(form, time.localtime(wait.until))
    host = printable(wait.host)
    if wait.cause is WaitCause.RETRY:
        return f"the next retry is due at {until}"
    if wait.cause is WaitCause.RATE:
        return f"the rate limit lets {f'{host} go on' if host else 'the next start'} at {until}"
    if wait.hosts > 1:
        return f"{count(wait.hosts)} hosts rest, the first until {until}"
    return f"{host} rests until {until}"
