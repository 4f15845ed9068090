from __future__ import annotations

import base64
import random
import string
import uuid

import pytest
from fetchdeck.core.model import FailureKind
from fetchdeck.core.policies import signature as signatures
from fetchdeck.core.policies.signature import LONGEST, MOST, MOST_ALIKE, Signatures, overflow, signature
from fetchdeck.core.printable import printable
from hypothesis import given
from hypothesis import strategies as st

MANY = 10_000
_RANDOM = random.Random(4)


def ulid(_: int) -> str:
    return "01" + "".join(_RANDOM.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=24))


def base64_token(_: int) -> str:
    return base64.urlsafe_b64encode(_RANDOM.randbytes(24)).decode()


def request_id(_: int) -> str:
    return "req_" + "".join(_RANDOM.choices(string.ascii_letters + string.digits, k=20))


def host(n: int) -> str:
    return f"node-{n}.eu-west-{n % 7}.shop{n}.com:{1000 + n}"


MAKERS = {
    "number": str,
    "decimal": lambda n: f"{n / 7:.3f}",
    "signed": lambda n: f"{n - MANY // 2}",
    "uuid": lambda _: str(uuid.UUID(int=_RANDOM.getrandbits(128), version=4)),
    "hex": lambda _: _RANDOM.randbytes(16).hex(),
    "pointer": lambda n: hex(0x7F0000000000 + 64 * n),
    "ulid": ulid,
    "base64": base64_token,
    "request id": request_id,
    "IPv4": lambda n: f"10.{n % 256}.{n // 256}.7:{n}",
    "IPv6": lambda n: f"[2001:db8::{n:x}]:443",
    "bare IPv6": lambda n: f"2001:db8::{n % 9}:{n:x}",
    "host": host,
    "URL": lambda n: f"https://{host(n)}/v1/places/{n}?q=a{n}",
    "path": lambda n: f"/v1/places/{n:x}/name-{n}",
    "email": lambda n: f"user.{n}@shop{n}.example",
    "date": lambda n: f"2026-{n % 12 + 1:02}-{n % 28 + 1:02}",
    "moment": lambda n: f"2026-11-{n % 28 + 1:02}T{n % 24:02}:{n % 60:02}:07.{n:06}Z",
    "HTTP date": lambda n: f"Sun, {n % 28 + 1:02} Nov 2026 21:{n % 60:02}:26 GMT",
    "quoted": lambda n: f'"place {n}, {"x" * (n % 5)}"',
    "single quoted": lambda n: f"'place {n}'",
}
"""How the n-th failure names what it is about."""


@pytest.mark.parametrize("kind", [FailureKind.HTTP_STATUS, FailureKind.RESET])
@pytest.mark.parametrize("maker", MAKERS)
def test_ten_thousand_failures_with_different_ids_are_one_cluster(maker: str, kind: FailureKind) -> None:
    _RANDOM.seed(4)
    head = "HTTP 422 Unprocessable Entity: " if kind is FailureKind.HTTP_STATUS else ""
    random_letters = maker in ("base64", "request id")
    step = 1 if random_letters else MANY // 1000
    found = {
        signature(kind, 422, f"{head}the place {MAKERS[maker](n)} cannot be read")
        for n in range(0, MANY, step)
    }
    # A token of letters alone may look like words: one in some thousands does.
    assert len(found) <= (MANY // 1000 if random_letters else 1), sorted(found)[:5]


DIFFERENT = (
    "user.email is required",
    "user.phone is required",
    "java.lang.NullPointerException",
    "java.lang.OutOfMemoryError: Java heap space",
    "json.decoder.JSONDecodeError: Expecting value",
    "InternalServerErrorException: rate exceeded",
    "ServiceUnavailableException: rate exceeded",
    "Quota exceeded for quota metric",
    "API key not valid. Please pass a valid API key.",
    "application/json expected",
    "text/html expected",
    "can't find it, won't look",
    "std::bad_alloc",
    "rate limit reached",
)


def test_truly_different_causes_stay_apart() -> None:
    said = {
        signature(FailureKind.HTTP_STATUS, 500, f"HTTP 500 Internal Server Error: {t}") for t in DIFFERENT
    }
    assert len(said) == len(DIFFERENT)
    statuses = {
        signature(FailureKind.HTTP_STATUS, n, f"HTTP {n}: place {n} is gone") for n in range(400, 420)
    }
    assert len(statuses) == 20


def test_a_body_that_holds_but_an_id_says_nothing() -> None:
    of = signature(FailureKind.HTTP_STATUS, 404, "HTTP 404 Not Found: /places/4711")
    assert of == signature(FailureKind.HTTP_STATUS, 404, "HTTP 404 Not Found") == "HTTP 404 Not Found"


texts = st.text(max_size=3000) | st.text(alphabet="aN0.:/-_'\"@[]=% ", max_size=3000)


@given(st.sampled_from(FailureKind), st.none() | st.integers(200, 599), texts)
def test_any_message_gives_a_short_harmless_signature(
    kind: FailureKind, status: int | None, text: str
) -> None:
    found = signature(kind, status, text)
    assert len(found) <= LONGEST + 1
    assert printable(found) == found
    assert "\n" not in found


@given(
    st.lists(st.tuples(st.sampled_from([404, 500]), st.text("abcdef ", min_size=1, max_size=12)), max_size=60)
)
def test_there_are_at_most_so_many_clusters_and_the_rest_is_gathered(said: list[tuple[int, str]]) -> None:
    names, kind = Signatures(), FailureKind.HTTP_STATUS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signatures, "MOST_ALIKE", 5)
        patch.setattr(signatures, "MOST", 8)
        found = [names.of(kind, status, f"HTTP {status} x: {words}") for status, words in said]
        again = [names.of(kind, status, f"HTTP {status} x: {words}") for status, words in said]
    assert len(set(found)) <= 8 + 2
    assert found == again, "a failure is always counted with the same"
    for (status, _), text in zip(said, found, strict=True):
        assert text.startswith(f"HTTP {status}")


def test_one_chatty_server_leaves_room_for_other_causes() -> None:
    names, kind = Signatures(), FailureKind.HTTP_STATUS
    words = ["".join(_RANDOM.choices(string.ascii_lowercase, k=9)) for _ in range(3 * MOST)]
    chatty = {names.of(kind, 500, f"HTTP 500 Internal Server Error: {word}") for word in words}
    assert len(chatty) == MOST_ALIKE + 1
    assert overflow(kind, 500) in chatty
    assert names.of(kind, 404, "HTTP 404 Not Found: no such place") == "HTTP 404 Not Found: no such place"
    assert names.of(FailureKind.RESET, None, "lost") == "lost"
