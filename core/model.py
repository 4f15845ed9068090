"""The vocabulary all parts share: requests, their states, attempts, replies and faults.

What is made for each request is a msgspec `Struct`: making one takes 0.2 µs, where a frozen dataclass takes 2.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from pathlib import Path

from msgspec import Struct

Headers = tuple[tuple[str, str], ...]
"""Header fields in the order they are sent or were received; names keep their case."""

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Methods that may be sent again after an unknown outcome (RFC 9110, section 9.2.2)."""


class State(IntEnum):
    """The state of a request; the numbers are the journal's and never change."""

    QUEUED = 0
    IN_FLIGHT = 1
    WAITING = 2
    """Waiting for a retry, holding no slot."""
    SUCCEEDED = 3
    FAILED = 4
    SKIPPED = 5
    INVALID = 6
    """Its row could not become a request."""

    @property
    def label(self) -> str:
        """The name used in `status`, exports and filters, such as `in_flight`."""
        return _LABELS[self]

    @property
    def terminal(self) -> bool:
        """Whether the run is done with a request in this state."""
        return self >= State.SUCCEEDED


_LABELS = {state: state.name.lower() for state in State}


class Counts(Struct, frozen=True):
    """How many requests are in each state; they always sum to the total."""

    queued: int = 0
    in_flight: int = 0
    waiting: int = 0
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    invalid: int = 0

    @property
    def total(self) -> int:
        """All rows accepted so far."""
        return self.done + self.pending

    @property
    def pending(self) -> int:
        """Requests the run is not done with."""
        return self.queued + self.in_flight + self.waiting

    @property
    def done(self) -> int:
        """Requests in a terminal state."""
        return self.succeeded + self.failed + self.skipped + self.invalid

    def of(self, state: State) -> int:
        """The count of one state."""
        return int(getattr(self, state.label))


class FailureKind(StrEnum):
    """Why an attempt did not succeed; the values are stored and may be filtered by."""

    DNS = "dns"
    CONNECT = "connect"
    """Refused, unreachable, or reset before the connection was made."""
    CONNECT_TIMEOUT = "connect_timeout"
    PROXY = "proxy"
    """The proxy is not there, refuses, or breaks off before it could pass the request on."""
    TLS = "tls"
    TIMEOUT = "timeout"
    RESET = "reset"
    """The connection was lost after the request had begun to be sent."""
    TRUNCATED = "truncated"
    """The body is shorter or longer than its framing says, or its coding ends early."""
    DECODE = "decode"
    """The content coding is broken or unknown."""
    PROTOCOL = "protocol"
    """The reply is not HTTP as RFC 9112 has it, or its status is outside 200-599."""
    TOO_LARGE = "too_large"
    REDIRECT = "redirect"
    HTTP_STATUS = "http_status"
    REJECTED = "rejected"
    """A rule of the user's says that the reply is no success."""
    RULE = "rule"
    """A rule of the user's could not be evaluated."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """A non-idempotent request may have reached the server, and no reply tells."""
    INTERRUPTED = "interrupted"
    """The process ended, or the machine slept, while the attempt was under way."""
    CANCELLED = "cancelled"
    LOCAL = "local"
    """This machine's fault: no descriptors, no ports, no memory."""
    DISK = "disk"
    """This machine's disk would not take the body of the reply."""
    INVALID = "invalid"
    """The row, or its URL, cannot become a request."""
    UNEXPECTED = "unexpected"
    """An error nobody foresaw; the message names it."""


UNSENT_KINDS = frozenset(
    {
        FailureKind.DNS,
        FailureKind.CONNECT,
        FailureKind.CONNECT_TIMEOUT,
        FailureKind.TLS,
        FailureKind.PROXY,
        FailureKind.LOCAL,
    }
)
"""Failures that prove no byte of the request reached the server, so that any method may be sent again."""


class Request(Struct, frozen=True, gc=False):
    """One HTTP request as it goes to the wire, secrets included: never stored, logged or shown as it is."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes | None = None
    secrets: frozenset[str] | None = None
    """The values in it that its row or its templates name as secrets; None where nobody has looked."""

    def __repr__(self) -> str:
        """Without anything that may be a secret."""
        return f"Request({self.method!r})"

    def __eq__(self, other: object) -> bool:
        """Whether both are the same on the wire, whatever is known of secrets in them."""
        return isinstance(other, Request) and (
            (self.method, self.url, self.headers, self.body)
            == (other.method, other.url, other.headers, other.body)
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def idempotent(self) -> bool:
        """Whether sending it twice has the effect of sending it once (RFC 9110, section 9.2.2)."""
        return self.method in IDEMPOTENT_METHODS


class EditedRequest(Struct, frozen=True):
    """A request as a user has edited it; `***` stands for what was masked at the same place."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes | None = None

    def __repr__(self) -> str:
        """Without anything that may be a secret."""
        return f"EditedRequest({self.method!r})"


class Hop(Struct, frozen=True, gc=False):
    """One redirect that was followed: the URL that was asked (masked), and the status that sent us on."""

    url: str
    status: int


class BodyFile(Struct, frozen=True, gc=False):
    """A body too large for the journal: its durable file and its length in bytes."""

    path: Path
    size: int


class Reply(Struct, frozen=True, gc=False):
    """A whole, verified response: framing complete, content decoding at its end, status within 200-599."""

    status: int
    headers: bytes
    """Raw field lines joined by CRLF, as received."""
    body: bytes | BodyFile
    """The decoded content."""
    wire_bytes: int
    """Octets of body received, before content decoding."""
    ttfb_s: float
    """Seconds from the start of the attempt to the last hop's status line."""
    final_url: str
    """The URL that answered after redirects, masked; empty without any."""
    hops: tuple[Hop, ...] = ()
    unverified_length: bool = False
    """The body ended with the connection, so nothing proves that it is whole (RFC 9112, section 8)."""

    @property
    def size(self) -> int:
        """Decoded body length in bytes."""
        return self.body.size if isinstance(self.body, BodyFile) else len(self.body)


class Fault(Struct, frozen=True, gc=False):
    """An attempt that ended without a usable reply; `message` holds no secret and no control characters."""

    kind: FailureKind
    message: str
    wire_bytes: int = 0
    hops: tuple[Hop, ...] = ()
    status: int | None = None
    """The status of the reply that broke, where one had begun."""


Outcome = Reply | Fault
"""What one attempt came to."""


class Phase(StrEnum):
    """How far an attempt under way has come."""

    QUEUED = "queued"
    """It holds a slot, and nothing of it has begun."""
    DNS = "dns"
    """The name of its host, or of its proxy, is being looked up, or waits to be."""
    CONNECT = "connect"
    """A TCP connection to its host, or to its proxy, is being made."""
    TLS = "tls"
    SENT = "sent"
    """Sent, or being sent; no byte of the reply yet."""
    RECEIVING = "receiving"
    REDIRECTING = "redirecting"
    """Sent to where a redirect led; no byte of that reply yet."""


class ConnectTimes(Struct, gc=False):
    """Seconds that making connections took, over all hops of an attempt; None for a part that was not needed.

    A part during which the attempt ended has the seconds until then. All are part of the time to the first byte.
    """

    dns_s: float | None = None
    connect_s: float | None = None
    """TCP; with a proxy to the proxy, and until it has opened the tunnel where one is needed."""
    tls_s: float | None = None
    """The handshake, with the server itself where there is a tunnel."""


class Progress(Struct, gc=False):
    """Mutable progress of one attempt; the transport writes it, the dashboard reads it."""

    phase: Phase = Phase.QUEUED
    received: int = 0
    """Octets of body received so far."""
    hops: int = 0
    """Redirects followed so far."""
    times: ConnectTimes | None = None
    """What making a connection took; None while none was made for this attempt."""


class RowSpec(Struct, frozen=True):
    """What a JSONL row itself says of its request; None where it is silent and the template decides."""

    url: str | None = None
    method: str | None = None
    headers: Headers | None = None
    body: bytes | None = None
    json_body: bool = False
    """The body came from `json`, so that a Content-Type is due."""


class Row(Struct, frozen=True):
    """One accepted record of the input."""

    id: int
    """0-based row number, counting invalid rows and not counting blank lines, comments and the header."""
    line: int
    """1-based line of the input where the record begins."""
    columns: dict[str, object]
    spec: RowSpec | None = None


class BadRow(Struct, frozen=True):
    """A record that cannot be read; it becomes an `invalid` request with this reason."""

    id: int
    line: int
    reason: str
    text: str
    """The beginning of the offending text, made printable."""
