"""A URL leads the same way whether or not its origin is known already."""

from __future__ import annotations

import asyncio

import aiohttp
from fetchdeck.core.proxies import Proxies
from fetchdeck.core.transport.routes import Route, Routes
from hypothesis import example, given
from hypothesis import strategies as st

ORIGINS = ("http://a.test", "http://a.test:8080", "https://a.test", "http://u:p@a.test", "http://[::1]:81")
TAILS = st.from_regex(r"([/?#][/?#ab=@:%]{0,8})?", fullmatch=True)


def way(routes: Routes, url: str) -> tuple[Route, str] | None:
    try:
        return routes.of(url)
    except (aiohttp.InvalidURL, ValueError):
        return None


def told(found: tuple[Route, str] | None) -> tuple[object, ...]:
    if found is None:
        return ()
    route, target = found
    return str(route.origin), route.host, route.prefix, route.authorization, target


@given(st.sampled_from(ORIGINS), TAILS)
@example("http://a.test", "?")
@example("http://a.test", "")
@example("http://a.test", "?next=/b")
def test_a_known_origin_changes_nothing(origin: str, tail: str) -> None:
    async def main() -> None:
        fresh, seasoned = Routes(Proxies(), verify=True), Routes(Proxies(), verify=True)
        for known in ORIGINS:
            seasoned.of(f"{known}/")
        assert told(way(seasoned, origin + tail)) == told(way(fresh, origin + tail))

    asyncio.run(main())


async def test_requests_to_one_origin_share_a_route() -> None:
    routes = Routes(Proxies(), verify=True)
    one, target = routes.of("http://a.test/1?b")
    other, _ = routes.of("http://a.test/2")
    assert one is other
    assert target == "/1?b"
