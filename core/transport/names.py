"""Name look-ups on threads of their own: slow ones hold nothing else up, and never the end of the process."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import threading
from collections.abc import Sequence
from ipaddress import ip_address
from math import inf
from time import monotonic

from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct
from yarl import URL

_MOST_AT_ONCE = 32
_MOST_KNOWN = 10_000


class Address(Struct, frozen=True):
    """One numeric address of a host."""

    family: socket.AddressFamily
    proto: int
    host: str
    port: int


class Names(AbstractResolver):
    """Asks the system (RFC 3493, getaddrinfo) on the running loop's behalf; keeps no answer.

    The threads are daemons: a look-up cannot be cancelled, and a dead name server must not hold up a process
    that wants to leave.
    """

    def __init__(self, most_at_once: int = _MOST_AT_ONCE) -> None:
        """Look-ups beyond `most_at_once` wait until one has ended."""
        self._loop = asyncio.get_running_loop()
        self._free = asyncio.Semaphore(most_at_once)

    async def addresses(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[Address]:
        """Where `host` is, best first; raises OSError (gaierror) or UnicodeError."""
        await self._free.acquire()
        answer: asyncio.Future[list[Address]] = self._loop.create_future()
        look_up = threading.Thread(
            target=self._look_up, args=(answer, host, port, family), name="names", daemon=True
        )
        try:
            look_up.start()
        except RuntimeError as error:
            self._free.release()
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)) from error
        return await answer

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The same in the form that aiohttp's connector wants."""
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(
                hostname=host, host=one.host, port=one.port, family=one.family, proto=one.proto, flags=numeric
            )
            for one in await self.addresses(host, port, family)
        ]

    async def close(self) -> None:
        """Nothing to close: threads end with their look-ups."""

    def _look_up(
        self, answer: asyncio.Future[list[Address]], host: str, port: int, family: socket.AddressFamily
    ) -> None:
        found: list[Address] | Exception
        try:
            found = _addresses(host, port, family)
        except Exception as error:  # it is the waiter's to handle
            found = error
        with contextlib.suppress(RuntimeError):  # the loop may have been closed meanwhile
            self._loop.call_soon_threadsafe(self._tell, answer, found)

    def _tell(self, answer: asyncio.Future[list[Address]], found: list[Address] | Exception) -> None:
        self._free.release()
        if answer.done():
            return
        if isinstance(found, Exception):
            answer.set_exception(found)
        else:
            answer.set_result(found)


class OneAddress:
    """Which hosts have one address only, so that there is no choice to be made when a connection is."""

    def __init__(self, good_for_s: float) -> None:
        """What a look-up has found is believed for so long."""
        self._good_for_s = good_for_s
        self._known: dict[tuple[str | None, int | None], tuple[tuple[str, int], float]] = {}
        """By host and port: the address with its port, and until when it is good."""

    def of(self, origin: URL) -> tuple[str, int] | None:
        """The address to connect to; None where there may be several, or a look-up is due."""
        address, until = self._known.get((origin.raw_host, origin.port), (None, 0.0))
        return address if monotonic() < until else None

    def learn(self, host: str, port: int, addresses: Sequence[str], *, fresh: bool) -> None:
        """These were found, by a `fresh` look-up or because that had been made before."""
        numeric = host in addresses
        if not (fresh or numeric):
            return
        if len(addresses) != 1 or _has_zone(addresses[0]):
            self._known.pop((host, port), None)
            return
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        until = inf if numeric else monotonic() + self._good_for_s
        self._known[host, port] = (addresses[0], port), until


def _has_zone(address: str) -> bool:
    """Whether an IPv6 address means another machine on each interface (RFC 4007): libuv takes one that nobody named.

    So is what only looks like an address, such as the `v1.fe::1` of RFC 3986, section 3.2.2: it is aiohttp's to refuse.
    """
    try:
        return "%" in address or ip_address(address).is_link_local
    except ValueError:
        return True


def _addresses(host: str, port: int, family: socket.AddressFamily) -> list[Address]:
    infos = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    found: list[Address] = []
    for kind, _, proto, _, address in infos:
        # Numeric, with the zone of a link-local address (RFC 4007), which the bare address lacks.
        numeric, _ = socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
        found.append(Address(kind, proto, numeric, port))
    return found
