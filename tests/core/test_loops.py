from __future__ import annotations

import asyncio
import itertools
import selectors
import socket
import tracemalloc

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


def test_a_fair_loop_keeps_no_room_for_what_did_not_come() -> None:
    """Each read asks for 256 KiB; what is not filled must not be taken from the heap in between."""
    received: list[bytes] = []
    held: list[int] = []

    class Reader(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            tracemalloc.start()

        def data_received(self, data: bytes) -> None:
            received.append(data)
            held.append(tracemalloc.get_traced_memory()[1])

        def eof_received(self) -> None:
            tracemalloc.stop()

        def connection_lost(self, exc: Exception | None) -> None:
            lost.set()

    async def main() -> None:
        mine, theirs = socket.socketpair()
        await asyncio.get_running_loop().connect_accepted_socket(Reader, mine)
        theirs.sendall(b"a reply")
        theirs.close()
        await lost.wait()

    lost = asyncio.Event()
    run_fair(main)
    assert b"".join(received) == b"a reply"
    assert max(held) < READ_BYTES / 2


def test_a_fair_loop_hands_all_on_and_tells_the_protocol_when_to_wait() -> None:
    sent = bytes(range(256)) * 8192
    received = bytearray()
    waits: list[str] = []

    class Reader(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            received.extend(data)

        def eof_received(self) -> bool:
            return True

        def pause_writing(self) -> None:
            waits.append("pause")

        def resume_writing(self) -> None:
            waits.append("resume")
            resumed.set()

    async def main() -> None:
        mine, theirs = socket.socketpair()
        transport, _ = await asyncio.get_running_loop().connect_accepted_socket(Reader, mine)
        reader, writer = await asyncio.open_connection(sock=theirs)
        writer.write(sent)
        await writer.drain()
        transport.write(sent)
        assert await reader.readexactly(len(sent)) == sent
        await resumed.wait()
        writer.close()
        transport.close()

    resumed = asyncio.Event()
    run_fair(main)
    assert received == sent
    assert waits == ["pause", "resume"]
