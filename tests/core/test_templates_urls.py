"""URLs as they go to the wire."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from fetchdeck.core.errors import RowError
from fetchdeck.core.urls import host_of, wire_url
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

ANY = st.text(st.characters(exclude_categories=[]), max_size=20)


@pytest.mark.parametrize(
    "url",
    [
        "http://h", "https://h?x=1", "http://h/?", "http://h:8080/a", "http://h:65535/", "http://u:p@h/", "http://a@b@h/",
        "http://[::1]:80/x", "http://h/%7E/%7e/../b/./c//d?q=%zz%&&=", "http://h/a|b\"<>^`{}\\", "http://127.1/",
        "http://a_b.example./", "http://xn--bcher-kva.example/", f"http://{'a' * 63}.example/",
        "http://h/" + "a" * 9000,
    ],
)  # fmt: skip
def test_what_can_be_sent_stays_byte_for_byte(url: str) -> None:
    assert wire_url(url) == url


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://h/#f", "http://h/"),
        ("http://h#f", "http://h"),
        ("http://h/?a=#b?c", "http://h/?a="),
        ("HTTPS://H/A", "https://H/A"),
        ("http://h:/a", "http://h/a"),
        ("http://h/ü?q=東&%e9", "http://h/%C3%BC?q=%E6%9D%B1&%e9"),
        ("http://Bücher.example:81/", "http://xn--bcher-kva.example:81/"),
        ("http://ü:p@h/", "http://%C3%BC:p@h/"),
    ],
)
def test_what_has_to_change_changes_alone(url: str, sent: str) -> None:
    assert wire_url(url) == sent


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "empty"), ("example.com/a", "no scheme"), ("/a", "no scheme"), ("http:/h/", "no host"),
        ("http://", "no host"),
        ("http:///a", "no host"), ("http://:80/", "no host"), ("ftp://h/", "scheme ftp is not supported"),
        ("javascript://h/", "not supported"), ("http://h/a b", r"a space \(write %20\) at character 11"),
        (" http://h/", "a space"), ("http://h/\n", "U+000A"), ("http://h/\0", "U+0000"), ("http://h/\x7f", "U+007F"),
        ("http://h/\ud800", "lone surrogate"), ("http://h:0/", "port"), ("http://h:65536/", "port"),
        ("http://h:8a/", "port"),
        ("http://h:80:80/", "port"), ("http://h:٣/", "port"), ("http://[::1/", "IPv6"), ("http://[::g]/", "IPv6"),
        ("http://[::1]x/", "IPv6"), ("http://a..b/", "host"), ("http://a%41/", "host"), (f"http://{'a' * 64}/", "host"),
        ("http://a\\@b/", "backslash"),
        ("http://us[er:pw@h/", "bracket"), ("http://a]@h/", "bracket"),
        ("http://" + "a." * 127 + "com/", "host"), ("http://h*/", "host"),
        ("http://ü\u2044x/", "host"), ("http://\u2100.example/", "host"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_says_why(url: str, said: str) -> None:
    with pytest.raises(RowError, match=re.escape(said) if "+" in said else said):
        wire_url(url)


HOSTS = st.sampled_from(["h", "a.example", "[::1]", "ü.example", "h:81", "u:p@h", "h:"]) | ANY
URLS = st.builds(
    lambda scheme, host, rest: scheme + host + rest,
    st.sampled_from(["http://", "https://", "HTTP://"]),
    HOSTS,
    ANY,
)


@given(URLS | ANY)
@example("http://h/\x85")
def test_what_comes_out_is_ascii_stable_and_read_alike_by_the_client(url: str) -> None:
    try:
        sent = wire_url(url)
    except RowError:
        return
    sent.encode("ascii")
    assert wire_url(sent) == sent
    assert re.fullmatch(r"[!-~]+", sent)
    assert "#" not in sent
    read = URL(sent, encoded=True)
    rest = re.sub(r"https?://[^/?]*", "", sent)
    assert read.raw_path_qs == (rest if rest.startswith("/") else f"/{rest}").removesuffix(
        "?"
    ) or rest.endswith("?")
    host = host_of(sent)
    assert host == host.lower()
    assert (read.raw_host or "").lower() in host


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=" #"), max_size=20))
def test_only_what_is_not_ascii_is_encoded(path: str) -> None:
    assert wire_url(f"http://h/{path}") == "http://h/" + "".join(c if c.isascii() else quote(c) for c in path)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://API.example:80/x", "api.example"),
        ("https://a:443", "a"),
        ("https://a:80?x", "a:80"),
        ("http://u:p@[::1]:81/", "[::1]:81"),
        ("http://***@h/", "h"),
        ("nonsense", ""),
    ],
)
def test_the_host_of_a_url(url: str, host: str) -> None:
    assert host_of(url) == host
