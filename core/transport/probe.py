"""Can a server be reached right now? Resolve its name, connect, send nothing, and close."""

from __future__ import annotations

import asyncio
import socket

from .faults import not_connected, not_resolved
from .names import Address, Names

_MOST_ADDRESSES = 8


async def probe(names: Names, host: str, port: int, timeout_s: float, peer: str) -> str | None:
    """None when a TCP connection was made to any address of the host within `timeout_s` seconds, else why not.

    `peer` is what the reason calls the host and its port.
    """
    resolved = False
    try:
        async with asyncio.timeout(timeout_s):
            found = await names.addresses(host, port)
            resolved = True
            return await _first_of(found[:_MOST_ADDRESSES], peer)
    except TimeoutError:
        return f"no connection to {peer} within {timeout_s:g} s" if resolved else _unnamed(host, timeout_s)
    except (OSError, ValueError) as error:
        return not_resolved(host, error)


async def _first_of(addresses: list[Address], peer: str) -> str | None:
    """Try all addresses at once: one that swallows packets must not use up the time of the others."""
    tries = {asyncio.ensure_future(_connect(one)) for one in addresses}
    error: OSError | None = None
    try:
        for ended in asyncio.as_completed(tries):
            try:
                await ended
            except OSError as refused:
                error = refused
            else:
                return None
    finally:
        for one in tries:
            one.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
    return not_connected(peer, error) if error is not None else f"{peer} has no address"


async def _connect(address: Address) -> None:
    with socket.socket(address.family, socket.SOCK_STREAM, address.proto) as sock:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (address.host, address.port))


def _unnamed(host: str, timeout_s: float) -> str:
    return f"cannot resolve {host}: no answer within {timeout_s:g} s"
