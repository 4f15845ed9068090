"""The user's own rules, put to each reply before it is judged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ..model import BodyFile, Reply
from ..policies.rules.judgement import Judged, Judgement

if TYPE_CHECKING:
    from ..policies.rules.rules import Rules


class Judging:
    """Evaluates rules on replies, and reads as much of a body's file as they look at."""

    def __init__(self, rules: Rules, read: Callable[[BodyFile, int], Awaitable[bytes]]) -> None:
        """`read` gives the beginning of a body's file, off the loop; raises OSError."""
        self._rules = rules
        self._read = read

    def reads(self, reply: Reply) -> bool:
        """Whether a reply's body has to be read from its file to be judged."""
        return self._rules.reads > 0 and isinstance(reply.body, BodyFile)

    def judge(self, reply: Reply, elapsed_s: float) -> Judgement:
        """What the rules say of a reply whose body need not be read."""
        return self._judge(reply, reply.body if isinstance(reply.body, bytes) else b"", elapsed_s)

    async def read_and_judge(self, reply: Reply, elapsed_s: float) -> Judgement:
        """What they say of another one; raises OSError where its body cannot be read."""
        body = reply.body
        if isinstance(body, BodyFile):
            body = await self._read(body, self._rules.reads)
        return self._judge(reply, body, elapsed_s)

    def _judge(self, reply: Reply, body: bytes, elapsed_s: float) -> Judgement:
        return self._rules.judge(Judged(reply.status, reply.headers, body, reply.size, elapsed_s * 1000))
