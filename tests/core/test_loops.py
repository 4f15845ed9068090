from __future__ import annotations

import asyncio
import itertools
import selectors
import socket

import pytest
from fetchdeck.core.loops import EVENTS_AN_ITERATION, READ_BYTES, fair_event_loop, run_fair, run_plain


@pytest.mark.parametrize("run", [run_plain, run_fair])
def test_a_loop_runs_to_the_result(run: object) -> None:
    async def main() -> int:
        await asyncio.sleep(0)
        return 7

    assert callable(run)
    assert run(main) == 7


@pytest.mark.skipif(not hasattr(selectors, "EpollSelector"), reason="needs epoll")
def test_a_fair_loop_serves_a_few_sockets_and_then_looks_at_everything_else() -> None:
    loop = fair_event_loop()
    pairs = [socket.socketpair() for _ in range(40)]
    served: list[int] = []
    turns: list[int] = []

    def turn() -> None:
        turns.append(len(served))
        if len(served) < len(pairs):
            loop.call_soon(turn)
        else:
            loop.stop()

    def serve(number: int) -> None:
        pairs[number][0].recv(1)
        served.append(number)

    try:
        for number, (mine, theirs) in enumerate(pairs):
            mine.setblocking(False)
            theirs.send(b"x")
            loop.add_reader(mine, serve, number)
        loop.call_soon(turn)
        loop.run_forever()
    finally:
        for mine, theirs in pairs:
            loop.remove_reader(mine)
            mine.close()
            theirs.close()
        loop.close()
    assert sorted(served) == list(range(len(pairs)))
    steps = [after - before for before, after in itertools.pairwise(turns)]
    assert max(steps) <= EVENTS_AN_ITERATION


def test_a_fair_loop_reads_little_at_a_time_so_that_its_heap_stays_whole() -> None:
    sent = 4 * READ_BYTES
    sizes: list[int] = []

    class Reader(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            sizes.append(len(data))

        def connection_lost(self, exc: Exception | None) -> None:
            lost.set()

    async def main() -> None:
        mine, theirs = socket.socketpair()
        theirs.sendall(bytes(sent))
        theirs.close()
        await asyncio.get_running_loop().connect_accepted_socket(Reader, mine)
        await lost.wait()

    lost = asyncio.Event()
    run_fair(main)
    assert sum(sizes) == sent
    assert max(sizes) <= READ_BYTES
