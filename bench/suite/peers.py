"""The peers: how each is told to do the work at its best, and what it does with the bodies."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .bare import script
from .child import Child, TroubleError
from .fetchdeck import limit_s
from .figures import Run
from .installing import interpreter, program, version
from .rows import About
from .servers import Server
from .settings import ROOT, Settings

_SCRIPTS = ROOT / "bench" / "peers"
_FILES = "files"
_WRK_S = (10, 2)


@dataclass(frozen=True, slots=True)
class Job:
    """What a peer is to do once."""

    urls: Path
    rows: int
    concurrency: int
    server: Server
    settings: Settings
    folder: Path


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody else's program."""

    about: About
    rows: int
    """Slower ones get fewer requests: enough for ten seconds."""
    run: Callable[[Job], Run]


def _files(folder: Path) -> str:
    (folder / _FILES).mkdir()
    return _FILES


def _command(job: Job, *words: str, keeps: bool = False) -> Run:
    """A program that is believed when the server has had all requests, and all files are there where it keeps them."""
    before = job.server.requests()
    with Child(words, job.folder, job.settings.client) as child:
        ended = child.succeed(limit_s(job.rows))
        had = job.server.requests() - before - 1
        if had < job.rows:
            raise TroubleError(f"the server has had {had:,} of {job.rows:,} requests")
        if keeps and (kept := sum(1 for _ in (job.folder / _FILES).iterdir())) != job.rows:
            raise TroubleError(f"{kept:,} of {job.rows:,} files are there")
        return Run(job.rows, ended.ended - child.began, ended.cpu_s, ended.peak_mb)


def curl(job: Job, name: str = "curl.config") -> Run:
    """A file for each URL, as its config file says; all slots used at once."""
    files = _files(job.folder)
    with job.urls.open() as urls, (job.folder / name).open("w") as config:
        config.writelines(f'url = "{url.strip()}"\noutput = "{files}/{n}"\n' for n, url in enumerate(urls))
    return _command(
        job, program("curl"), "--silent", "--show-error", "--parallel", "--parallel-immediate",
        "--parallel-max", str(job.concurrency), "--config", name, keeps=True,
    )  # fmt: skip


def _aria2(job: Job) -> Run:
    return _command(
        job, program("aria2c"), "--quiet", "--no-conf", f"--input-file={job.urls}", f"--dir={_files(job.folder)}",
        f"--max-concurrent-downloads={job.concurrency}", "--max-connection-per-server=1", "--split=1",
        "--file-allocation=none", "--summary-interval=0", "--download-result=hide", "--max-download-result=0",
        "--auto-file-renaming=false", keeps=True,
    )  # fmt: skip


def _wget2(job: Job) -> Run:
    return _command(
        job, program("wget2"), "--quiet", "--no-config", f"--input-file={job.urls}",
        f"--directory-prefix={_files(job.folder)}", f"--max-threads={job.concurrency}", "--progress=none",
        "--no-robots", "--no-xattr", "--no-hsts", "--no-netrc", keeps=True,
    )  # fmt: skip


def _hey(job: Job) -> Run:
    count = str(job.rows)
    return _command(
        job, program("hey"), "-cpus", "1", "-n", count, "-c", str(job.concurrency), job.server.url
    )


def _wrk(job: Job) -> Run:
    seconds = _WRK_S[job.settings.quick]
    words = [program("wrk"), "-t1", f"-c{job.concurrency}", f"-d{seconds}s", job.server.url]
    with Child(words, job.folder, job.settings.client) as child:
        ended = child.succeed(limit_s(0))
        told = re.search(r"(\d+) requests in", (job.folder / "output.txt").read_text())
        if told is None:
            raise TroubleError(f"it tells no figures: {child.said}")
        return Run(int(told[1]), ended.ended - child.began, ended.cpu_s, ended.peak_mb)


def _minet(job: Job) -> Run:
    rows = job.folder / "urls.csv"
    rows.write_text("url\n" + job.urls.read_text())
    return _command(
        job, interpreter("minet"), "-m", "minet.cli", "fetch", "url", "--input", rows.name, "--output", "report.csv",
        "--output-dir", _files(job.folder), "--threads", str(job.concurrency), "--domain-parallelism",
        str(job.concurrency), "--throttle", "0", "--silent", keeps=True,
    )  # fmt: skip


def _scrapy(job: Job) -> Run:
    run = _command(
        job, interpreter("scrapy"), str(_SCRIPTS / "scrapy_spider.py"), str(job.urls), str(job.concurrency)
    )
    with (job.folder / "items.jsonl").open() as items:
        kept = sum(1 for _ in items)
    if kept != job.rows:
        raise TroubleError(f"{kept:,} of {job.rows:,} items are there")
    return run


def _script(peer: str, file: str, *more: str) -> Callable[[Job], Run]:
    def run(job: Job) -> Run:
        words = [interpreter(peer), str(_SCRIPTS / file), str(job.urls), str(job.concurrency), *more]
        return script(words, job.rows, job.settings, job.folder)

    return run


CURL, WGET2, SCRAPY, CRAWLEE, MINET, HTTPX = "curl --parallel", "wget2", "Scrapy", "Crawlee", "minet", "httpx"
PEERS = (
    Peer(About(CURL, "yes, files", "no", "`--parallel-immediate`, a file for each"), 50_000, curl),
    Peer(About("pycurl", "no", "no", "multi interface over epoll, handles used again"), 50_000,
         _script("pycurl", "pycurl_client.py")),
    Peer(About(WGET2, "yes, files", "in part: -nc, partial files pass", "100 threads"), 50_000, _wget2),
    Peer(About("aria2", "yes, files", "in part: --save-session"), 3_000, _aria2),
    Peer(About(MINET, "yes, files", "in part: --resume", "100 threads, no throttle"), 10_000, _minet),
    Peer(About(SCRAPY, "yes, JSONL feed", "no: JOBDIR wants a clean stop", "on uvloop"), 8_000, _scrapy),
    Peer(About(CRAWLEE, "in memory", "no", "HttpCrawler, storage in memory"), 12_000,
         _script("crawlee", "crawlee_client.py")),
    Peer(About(HTTPX, "no", "no", "a client for each of 100 slots, on uvloop: its best"), 8_000,
         _script("httpx", "httpx_client.py", "100")),
    Peer(About("httpx, one client", "no", "no", "its pool looks at all connections for each request"), 2_000,
         _script("httpx", "httpx_client.py", "1")),
    Peer(About("hey", "no", "no", "a load generator: one URL, nothing looked at"), 50_000, _hey),
    Peer(About("wrk", "no", "no", "a load generator: the floor of the server"), 0, _wrk),
)  # fmt: skip


def told_version(peer: Peer) -> str:
    """Which release was measured; raises MissingError where it is not there."""
    name = peer.about.name.partition(",")[0]
    if name == CURL:
        return _first_line(program("curl"), "--version").split(" (")[0]
    if name in ("aria2", WGET2):
        return _first_line(program("aria2c" if name == "aria2" else name), "--version")
    if name in ("hey", "wrk"):
        program(name)
        return ""
    return f"{name} {version(name.lower())}"


def _first_line(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    return (done.stdout.splitlines() or [""])[0]
