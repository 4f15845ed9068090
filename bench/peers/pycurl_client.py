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


def main(path: str, concurrency: int) -> None:
    count = size = 0
    epoll, multi, known = select.epoll(), pycurl.CurlMulti(), set()
    due = 0

    def watch(what: int, fd: int, _multi: object, _data: object) -> None:
        if what == pycurl.POLL_REMOVE:
            known.discard(fd)
            epoll.unregister(fd)
        elif fd in known:
            epoll.modify(fd, EVENTS[what])
        else:
            known.add(fd)
            epoll.register(fd, EVENTS[what])

    def wake(timeout_ms: int) -> None:
        nonlocal due
        due = timeout_ms

    def take(body: bytes) -> None:
        nonlocal size
        size += len(body)

    multi.setopt(pycurl.M_SOCKETFUNCTION, watch)
    multi.setopt(pycurl.M_TIMERFUNCTION, wake)
    multi.setopt(pycurl.M_MAXCONNECTS, concurrency)
    with open(path) as file:  # noqa: PTH123
        urls = (line.strip() for line in file)

        def begin(handle: pycurl.Curl) -> bool:
            url = next(urls, None)
            if url is not None:
                handle.setopt(pycurl.URL, url)
                multi.add_handle(handle)
            return url is not None

        under_way = 0
        for _ in range(concurrency):
            handle = pycurl.Curl()
            handle.setopt(pycurl.WRITEFUNCTION, take)
            handle.setopt(pycurl.NOSIGNAL, 1)
            under_way += begin(handle)
        multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        while under_way:
            ready = epoll.poll(due / 1000 if due >= 0 else 1.0, concurrency)
            if not ready:
                multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
            for fd, event in ready:
                bits = (pycurl.CSELECT_IN if event & ~select.EPOLLOUT else 0) | (
                    pycurl.CSELECT_OUT if event & select.EPOLLOUT else 0
                )
                multi.socket_action(fd, bits)
            left = 1
            while left:
                left, done, failed = multi.info_read()
                if failed:
                    sys.exit(f"failed: {failed[0][2]}")
                for handle in done:
                    count += 1
                    multi.remove_handle(handle)
                    under_way -= 1
                    under_way += begin(handle)
    print(count, size)


main(sys.argv[1], int(sys.argv[2]))
