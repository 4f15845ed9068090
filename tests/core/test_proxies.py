from __future__ import annotations

import base64
import os
import urllib.request
from typing import Any, cast

import pytest
from fetchdeck.core.errors import OptionError
from fetchdeck.core.job import Options
from fetchdeck.core.proxies import (
    Proxies,
    environment_proxies,
    is_masked,
    masked_proxy,
    parse_proxy,
    shown_proxy,
)
from hypothesis import given
from hypothesis import strategies as st

ENV = Options(env_proxy=True)


@pytest.mark.parametrize(
    ("text", "url", "host", "port"),
    [
        ("http://proxy:3128", "http://proxy:3128", "proxy", 3128),
        ("http://proxy:3128/", "http://proxy:3128", "proxy", 3128),
        ("http://proxy", "http://proxy", "proxy", 80),
        ("HTTPS://Proxy.example", "https://Proxy.example", "proxy.example", 443),
        ("http://u:p@[::1]:8080", "http://[::1]:8080", "::1", 8080),
        ("http://bücher.example:1", "http://xn--bcher-kva.example:1", "xn--bcher-kva.example", 1),
    ],
)
def test_urls_of_proxies_are_read(text: str, url: str, host: str, port: int) -> None:
    proxy = parse_proxy(text)
    assert (proxy.url, proxy.host, proxy.port) == (url, host, port)


def test_credentials_are_decoded_for_the_proxy_and_masked_for_people() -> None:
    proxy = parse_proxy("http://us%40er:p%3Ass%2F@proxy:3128")
    token = base64.b64encode(b"us@er:p:ss/").decode()
    assert proxy.authorization == f"Basic {token}"
    assert proxy.shown == "http://***@proxy:3128"
    assert {"p%3Ass%2F", "p:ss/", token} <= proxy.secrets
    assert "us@er" not in proxy.secrets
    assert "p%3Ass" not in repr(proxy)
    assert token not in repr(proxy)
    assert "ss" not in proxy.url


def test_a_user_alone_is_a_token() -> None:
    proxy = parse_proxy("http://T0KEN@proxy")
    assert proxy.authorization == f"Basic {base64.b64encode(b'T0KEN:').decode()}"
    assert "T0KEN" in proxy.secrets


SECRET = "s3cr3tpw"


@pytest.mark.parametrize(
    "text",
    [
        f"{SECRET}",
        f"u:{SECRET}@proxy:3128",
        f"http://u:{SECRET}@",
        f"http://u:{SECRET}@pro xy:3128",
        f"http://u:{SECRET}@proxy:99999",
        f"http://u:{SECRET}@proxy:x",
        f"http://u:{SECRET}/@proxy:3128",
        f"http://u:{SECRET}#@proxy:3128",
        f"http://u:{SECRET}?@proxy:3128",
        f"http://{SECRET}$/@proxy:3128",
        f"http://u:{SECRET}@proxy:3128/path",
        f"http://u:{SECRET}@proxy:3128/?q",
        f"http://u:{SECRET}@proxy?",
        f"ftp://u:{SECRET}@proxy",
        f"socks5://u:{SECRET}@proxy:1080",
        f"socks5h://u:{SECRET}@proxy:1080",
        f"{SECRET}://proxy",
        f"http://u:{SECRET}\n@proxy",
        f"http://u:{SECRET}@[::1",
        f"http://u:{SECRET}@[zz]:1",
        "",
        "http://",
    ],
)
def test_what_is_no_proxy_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(OptionError, match=r"^--proxy: ") as refused:
        parse_proxy(text)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None
    assert ("SOCKS" in str(refused.value)) == text.startswith("socks")


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.sampled_from(["http://", "https://", ""]))
def test_any_text_is_a_proxy_or_an_option_error(text: str, scheme: str) -> None:
    try:
        proxy = parse_proxy(scheme + text)
    except OptionError:
        return
    assert "@" not in proxy.url
    assert parse_proxy(proxy.url).url == proxy.url


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_credentials_survive_percent_encoding(user: str, password: str) -> None:
    try:
        (user + password).encode()
    except UnicodeEncodeError:
        return
    user = user.replace(":", "")
    quoted = urllib.request.quote(user, safe=""), urllib.request.quote(password, safe="")  # type: ignore[attr-defined]
    proxy = parse_proxy("http://{}:{}@proxy".format(*quoted))
    assert proxy.authorization is not None
    sent = base64.b64decode(proxy.authorization.removeprefix("Basic ")).decode()
    assert sent == f"{user}:{password}"


def test_only_a_masked_url_is_stored() -> None:
    assert masked_proxy("http://proxy:3128") == "http://proxy:3128"
    masked = masked_proxy("http://u:p@proxy:3128")
    assert masked == "http://***@proxy:3128"
    assert is_masked(masked)
    assert not is_masked("http://proxy:3128")


def test_a_proxy_is_for_both_schemes_and_for_every_host() -> None:
    proxies = Proxies.of(Options(proxy="http://u:pass@p:1"), {"no_proxy": "*", "http_proxy": "http://other"})
    for url in ("http://h/", "https://h/", "http://localhost/", "http://127.0.0.1/"):
        assert (via := proxies.via(url)) is not None
        assert via.url == "http://p:1"
    assert proxies.shown == "http://***@p:1"
    assert "pass" in proxies.secrets


def test_without_options_there_is_no_proxy() -> None:
    proxies = Proxies.of(Options(), {"http_proxy": "http://p", "all_proxy": "rubbish"})
    assert (proxies.via("http://h/"), proxies.shown, proxies.secrets) == (None, None, frozenset())


@pytest.mark.parametrize(
    ("environ", "url", "expected"),
    [
        ({"HTTP_PROXY": "http://a"}, "http://h/", "http://a"),
        ({"HTTP_PROXY": "http://a"}, "https://h/", None),
        ({"HTTP_PROXY": "http://a", "http_proxy": "http://b"}, "http://h/", "http://b"),
        ({"http_proxy": "http://b", "HTTP_PROXY": "http://a"}, "http://h/", "http://b"),
        ({"HTTP_PROXY": "http://a", "http_proxy": ""}, "http://h/", None),
        ({"HTTP_PROXY": "http://a", "REQUEST_METHOD": "GET"}, "http://h/", None),
        ({"http_proxy": "http://a", "REQUEST_METHOD": "GET"}, "http://h/", "http://a"),
        ({"https_proxy": "a:3128"}, "https://h/", "http://a:3128"),
        ({"ALL_PROXY": "http://a", "https_proxy": "https://b"}, "https://h/", "https://b"),
        ({"ALL_PROXY": "http://a", "https_proxy": "https://b"}, "http://h/", "http://a"),
        ({"ALL_PROXY": "http://a", "no_proxy": "h"}, "http://h/", None),
        ({"ALL_PROXY": "http://a", "no_proxy": "h"}, "http://h:81/", None),
        ({"ALL_PROXY": "http://a", "no_proxy": "h:80"}, "http://h:81/", "http://a"),
        ({"ALL_PROXY": "http://a", "no_proxy": "h:81"}, "http://u:p@h:81/", None),
        ({"ALL_PROXY": "http://a", "no_proxy": ".h.example, x"}, "http://H.example/", None),
        ({"ALL_PROXY": "http://a", "NO_PROXY": "h.example"}, "http://sub.h.example/?@x", None),
        ({"ALL_PROXY": "http://a", "no_proxy": "h.example"}, "http://oh.example/", "http://a"),
        ({"ALL_PROXY": "http://a", "no_proxy": "*"}, "http://h/", None),
        ({"ALL_PROXY": "http://a", "no_proxy": "::1"}, "http://[::1]:8000/", None),
    ],
)
def test_the_environment_is_read_by_the_standard_librarys_rules(
    environ: dict[str, str], url: str, expected: str | None
) -> None:
    found = Proxies.of(ENV, environ).via(url)
    assert (found.url if found else None) == expected


NAMES = (
    "http_proxy HTTP_PROXY Http_Proxy https_PROXY HTTPS_proxy all_proxy NO_PROXY no_proxy REQUEST_METHOD PATH"
)
names = st.sampled_from(NAMES.split())


@given(st.dictionaries(names, st.sampled_from(["", "http://a", "b:1", "*", "x"])))
def test_the_environment_means_what_it_means_to_the_standard_library(environ: dict[str, str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", environ)
        expected = cast("dict[str, str]", cast(Any, urllib.request).getproxies_environment())
    assert environment_proxies(environ) == expected


def test_a_bad_proxy_of_the_environment_is_named_by_its_variable() -> None:
    with pytest.raises(OptionError, match=r"^ALL_PROXY in the environment: SOCKS proxies are not supported"):
        Proxies.of(ENV, {"all_proxy": "socks5://p:1"})
    both = {"all_proxy": "socks5://p:1", "http_proxy": "http://a", "https_proxy": "http://a"}
    assert Proxies.of(ENV, both).shown == "http://a"


def test_what_is_shown_names_each_proxy_once() -> None:
    assert shown_proxy(Options()) is None
    assert shown_proxy(Options(proxy="http://u:p@h:1")) == "http://***@h:1"
    assert shown_proxy(ENV) == "those of the environment"
    assert shown_proxy(ENV, {}) is None
    assert shown_proxy(ENV, {"all_proxy": "http://u:p@h"}) == "http://***@h"
    several = {"http_proxy": "http://u:p@h", "https_proxy": "http://i"}
    assert shown_proxy(ENV, several) == "http://***@h for http, http://i for https"
