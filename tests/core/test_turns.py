"""Few arrivals are handed on in one iteration of the loop, all of them in order, and nothing else waits for them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from fetchdeck.core.courtesy import ATTENDED, ATTENDED_S, GIVES_WAY_S, Courtesy
from fetchdeck.core.transport.protocol import ReplyProtocol
from fetchdeck.core.transport.turns import Turns
from hypothesis import given
from hypothesis import strategies as st

from ..support.clock import Clock

MOST = 12


class Line:
    """A connection without a network: what arrives on it, and what it has taken in."""

    def __init__(self, number: int, turns: Turns, taken: list[int]) -> None:
        self.number = number
        self._turns = turns
        self._taken = taken

    def arrive(self) -> None:
        if self._turns.granted(self):
            self.served()

    def served(self) -> None:
        self._taken.append(self.number)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12))
def test_each_iteration_takes_in_few_and_none_is_overtaken(bursts: list[int]) -> None:
    async def main() -> None:
        turns, taken = Turns(Courtesy(), most=MOST), list[int]()
        lines = iter([Line(number, turns, taken) for number in range(sum(bursts))])
        for burst in bursts:
            before = len(taken)
            for _ in range(burst):
                next(lines).arrive()
            await asyncio.sleep(0)
            assert len(taken) - before <= 2 * MOST  # what came at once, and what waited for the next turn
        for _ in range(sum(bursts)):
            before = len(taken)
            await asyncio.sleep(0)
            assert len(taken) - before <= MOST
        assert taken == list(range(sum(bursts)))

    asyncio.run(main())


async def test_a_single_arrival_does_not_wait() -> None:
    taken: list[int] = []
    Line(7, Turns(Courtesy(), most=MOST), taken).arrive()
    assert taken == [7]


async def test_while_somebody_types_few_are_taken_in_and_one_while_a_key_waits() -> None:
    clock, taken = Clock(), list[int]()
    courtesy = Courtesy(clock)
    turns = Turns(courtesy, MOST)
    for number in range(4 * MOST):
        Line(number, turns, taken).arrive()
    courtesy.give_way()
    for _ in range(MOST):
        before = len(taken)
        await asyncio.sleep(0)
        assert len(taken) - before == 1
    for passes_s, count in ((GIVES_WAY_S, ATTENDED), (ATTENDED_S, MOST)):
        clock.now += passes_s
        before = len(taken)
        await asyncio.sleep(0)
        assert len(taken) - before == count


@contextmanager
def pairs(count: int) -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """Connected sockets: ours, and the server's."""
    with ExitStack() as stack:
        found = [socket.socketpair() for _ in range(count)]
        for one in found:
            for end in one:
                stack.enter_context(end)
        yield found


async def test_what_waits_is_taken_in_before_the_connections_end() -> None:
    loop, turns = asyncio.get_running_loop(), Turns(Courtesy(), most=1)
    with pairs(6) as found:
        protocols: list[ReplyProtocol] = []
        for number, (ours, theirs) in enumerate(found):
            _, protocol = await loop.create_connection(lambda: ReplyProtocol(loop, turns), sock=ours)
            protocol.set_response_params(read_until_eof=True)
            protocols.append(protocol)
            theirs.sendall(b"HTTP/1.1 200 OK\r\n\r\nbody %d" % number)
            theirs.close()
        for number, protocol in enumerate(protocols):
            _, body = await protocol.read()
            assert await body.read() == b"body %d" % number


async def test_who_waits_with_much_makes_its_server_wait() -> None:
    loop, turns = asyncio.get_running_loop(), Turns(Courtesy(), most=1)
    body = bytes(range(256)) * 20_000
    with pairs(3) as found:
        protocols: list[ReplyProtocol] = []
        for ours, _ in found:
            _, protocol = await loop.create_connection(lambda: ReplyProtocol(loop, turns), sock=ours)
            protocol.set_response_params()
            protocols.append(protocol)
        heads = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
        writers = [(await asyncio.open_connection(sock=theirs))[1] for _, theirs in found]
        for writer in writers:
            writer.write(heads + body)
        whole = [(await protocol.read())[1].read() for protocol in protocols]
        assert await asyncio.gather(*whole) == [body] * len(found)
        assert not any(protocol.should_close for protocol in protocols)
        for writer, protocol in zip(writers, protocols, strict=True):
            writer.close()
            protocol.close()


async def test_a_connection_on_which_something_waits_is_not_fresh() -> None:
    loop, turns = asyncio.get_running_loop(), Turns(Courtesy(), most=0)
    with pairs(1) as found:
        ours, theirs = found[0]
        _, protocol = await loop.create_connection(lambda: ReplyProtocol(loop, turns), sock=ours)
        assert protocol.fresh
        theirs.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        assert not protocol.fresh  # the kernel has it, and the loop not yet
        while not protocol.waits:
            await asyncio.sleep(0)
        assert not protocol.fresh
        protocol.close()
