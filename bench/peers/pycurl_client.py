"""libcurl's multi interface from Python, handles used again, keeping nothing: `pycurl_client.py URLS CONCURRENCY`.

Driven by its own sockets through epoll (`socket_action`), as its makers advise for many transfers.
"""

import select
import sys

import pycurl

EVENTS = {
    pycurl.POLL_IN: select.EPOLLIN,
    pycurl.POLL_OUT: select.EPOLLOUT,
    pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
}


class Loop:
    """An epoll loop as libcurl wants it: it says what to watch and when to come back."""

    def __init__(self, connections: int) -> None:
        self.multi = pycurl.CurlMulti()
        self.multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self.multi.setopt(pycurl.M_TIMERFUNCTION, self._wake)
        self.multi.setopt(pycurl.M_MAXCONNECTS, connections)
        self._epoll, self._known = select.epoll(), set()
        self._due_ms = 0

    def turn(self) -> list[pycurl.Curl]:
        """Let libcurl work on what is ready; which transfers have ended."""
        ready = self._epoll.poll(self._due_ms / 1000 if self._due_ms >= 0 else 1.0)
        if not ready:
            self.multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        for fd, event in ready:
            readable = pycurl.CSELECT_IN if event & ~select.EPOLLOUT else 0
            writable = pycurl.CSELECT_OUT if event & select.EPOLLOUT else 0
            self.multi.socket_action(fd, readable | writable)
        ended, left = [], 1
        while left:
            left, done, failed = self.multi.info_read()
            if failed:
                sys.exit(f"failed: {failed[0][2]}")
            ended += done
        return ended

    def _watch(self, what: int, fd: int, _multi: object, _data: object) -> None:
        if what == pycurl.POLL_REMOVE:
            self._known.discard(fd)
            self._epoll.unregister(fd)
        elif fd in self._known:
            self._epoll.modify(fd, EVENTS[what])
        else:
            self._known.add(fd)
            self._epoll.register(fd, EVENTS[what])

    def _wake(self, timeout_ms: int) -> None:
        self._due_ms = timeout_ms


def main(path: str, concurrency: int) -> None:
    loop, count, size, under_way = Loop(concurrency), 0, 0, 0

    def take(body: bytes) -> None:
        nonlocal size
        size += len(body)

    with open(path) as file:  # noqa: PTH123

        def begin(handle: pycurl.Curl) -> bool:
            url = next(file, "").strip()
            if url:
                handle.setopt(pycurl.URL, url)
                loop.multi.add_handle(handle)
            return bool(url)

        for _ in range(concurrency):
            handle = pycurl.Curl()
            handle.setopt(pycurl.WRITEFUNCTION, take)
            handle.setopt(pycurl.NOSIGNAL, 1)
            under_way += begin(handle)
        while under_way:
            for handle in loop.turn():
                loop.multi.remove_handle(handle)
                count += 1
                under_way += begin(handle) - 1
    print(count, size)


main(sys.argv[1], int(sys.argv[2]))
