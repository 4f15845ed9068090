"""What a run is asked to do: where its rows come from, how a row becomes a request, and how hard to try."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

DEFAULT_RETRY_ON = "408,425,429,500,502,503,504,522,524"
"""Statuses that are worth another attempt, as in Scrapy and curl; connection errors are beside them."""


class InputFormat(StrEnum):
    """How the input is written."""

    TXT = "txt"
    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"


class Templates(Struct, frozen=True):
    """The Jinja2 templates that make a request of a row; None or empty where the row or a default decides."""

    url: str | None = None
    method: str | None = None
    """A plain method name, no template; GET, or POST with a body, when None."""
    headers: tuple[tuple[str, str], ...] = ()
    """Plain names with template values."""
    data: str | None = None
    json: str | None = None


class Job(Struct, frozen=True):
    """Where the rows come from and what each is to become; what a run folder is bound to."""

    input: str
    """A path, or `-` for standard input."""
    templates: Templates = Templates()
    format: InputFormat | None = None
    """None: by the file's suffix; for standard input by its first line."""


class Options(Struct, frozen=True):
    """How hard to try; may differ from one session of a run to the next."""

    concurrency: int = 50
    rate: float | None = None
    """Requests started a second, or None."""
    rate_per_host: float | None = None
    """Requests started a second to one host, or None."""
    burst: int = 1
    """Requests that may start at once under a rate after a while without any."""
    per_host: int | None = None
    """Requests in flight to one host, or None."""
    quota: str | None = None
    """Attempts in a period of the calendar, such as `100000/day`, kept across sessions."""
    cost: str | None = None
    """The price of an attempt, such as `0.017` or `0.017 USD`."""
    retries: int = 4
    """Further attempts after the first."""
    retry_on: str = DEFAULT_RETRY_ON
    """Statuses and kinds of failure that are worth another attempt, such as `429,5xx,timeout`."""
    ok_if: tuple[str, ...] = ()
    """Rules (JMESPath over a reply) of which one must hold for a success, whatever the status."""
    fail_if: tuple[str, ...] = ()
    """Rules of which one makes a reply a failure for good."""
    retry_if: tuple[str, ...] = ()
    """Rules of which one makes a reply a failed attempt that is made again."""
    stop_if: tuple[str, ...] = ()
    """Rules of which one stops the run."""
    auto: bool = False
    """Find each host's limits automatically; `concurrency` is where nothing is found yet."""
    auto_min: int = 1
    auto_max: int = 1000
    """Between these, for each host."""
    timeout_s: float = 60.0
    """For one attempt, redirects and body included."""
    connect_timeout_s: float = 10.0
    max_body: int = 100 * 1024 * 1024
    """Decoded bytes a body may have."""
    insecure: bool = False
    """Accept any TLS certificate."""
    cookies: bool = False
    """Keep cookies in memory for the session, and send them back by the rules of RFC 6265."""
    proxy: str | None = None
    """The URL of a proxy for all requests; may hold credentials, which are never stored."""
    env_proxy: bool = False
    """Take proxies from HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY; excludes `proxy`."""
    max_failures: str | None = None
    """Stop after this many failures (`100`), or this share of the last requests (`20%`)."""
    stop_on: str | None = None
    """Stop at the first attempt that ends so: statuses and kinds of failures, such as `401,403,tls`."""
    time_limit_s: float | None = None
    """Stop when the session has run for so long."""
    canary: int = 0
    """Requests to send before somebody is asked whether to send the rest; 0 for none."""
