"""Which secret a mask stands for after somebody has edited the text around it."""

from __future__ import annotations

import pytest
from fetchdeck.core.errors import EditError
from fetchdeck.core.secrets.masks import fields, filled, hidden_by, origins, surely_hidden_by
from fetchdeck.core.secrets.values import covered
from hypothesis import given
from hypothesis import strategies as st

URL = "https://***@api.example/***/items?key=***&page=1&token=***"
HEADERS = (("Authorization", "Bearer ***"), ("X-Key", "***"), ("Cookie", "a=***; b=2; c=***"))
BODY = b'{"name": "x", "password": "***", "card": {"pin": "***"}}'
SHOWN = fields(URL, HEADERS, BODY)


def places(
    url: str = URL, headers: tuple[tuple[str, str], ...] = HEADERS, body: bytes = BODY
) -> dict[str, list[int]]:
    found = origins(SHOWN, fields(url, headers, body))
    assert all(text == key for key, of in found.items() for text, _ in of)
    return {key: [n for _, n in of] for key, of in found.items()}


@given(st.text("ab&=/", max_size=30), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4))
def test_what_was_hidden_fills_the_masks_again(text: str, spans: list[tuple[int, int]]) -> None:
    shown = covered(text, [(a, min(b, len(text))) for a, b in spans if a < min(b, len(text))])
    assert filled(shown, hidden_by(shown, text)) == text


@pytest.mark.parametrize("whole", ["", "x", "key=", "other=1", "key=1&page=2", "ey=1&page=1"])
def test_another_text_is_not_taken_for_the_masked_one(whole: str) -> None:
    with pytest.raises(ValueError, match="not the text"):
        hidden_by("key=***&page=1", whole)


def test_what_can_be_read_in_two_ways_is_not_sure() -> None:
    assert surely_hidden_by("/***/x", "/a/x") == ("a",)
    with pytest.raises(ValueError, match="several"):
        surely_hidden_by("***-***", "a-b-c")


def test_masks_left_in_place_stand_for_the_same() -> None:
    assert places() == {
        "url": [0, 1, 2, 3],
        "header authorization 0": [0],
        "header x-key 0": [0],
        "header cookie 0": [0, 1],
        "body": [0, 1],
    }


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://***@other.example/***/things?token=***", [0, 1, 3]),
        ("https://api.example/***?new=5&token=***&key=***", [1, 3, 2]),
        ("http://***@api.example:8080/", [0]),
        ("https://api.example/?key=***&key=***", [2, 2]),
    ],
)
def test_masks_of_a_url_are_known_by_their_part_and_parameter(url: str, wanted: list[int]) -> None:
    assert places(url=url)["url"] == wanted


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example/items?other=***",
        "https://***/items",
        "https://api.example/items?key=x***",
        "https://api.example/key=***",
    ],
)
def test_a_mask_of_a_url_that_was_moved_is_refused(url: str) -> None:
    with pytest.raises(EditError, match=r"\*\*\* in the URL does not stand where"):
        places(url=url)


def test_a_header_may_change_around_its_masks_but_not_its_name() -> None:
    assert places(headers=(("authorization", "Token ***"),))["header authorization 0"] == [0]
    assert places(headers=(("Cookie", "c=***; new=1"),))["header cookie 0"] == [1]
    with pytest.raises(EditError, match="the header 'x-other'"):
        places(headers=(("X-Other", "***"),))


def test_fields_of_one_name_are_told_apart_only_while_there_are_as_many() -> None:
    shown = fields("", (("X-Key", "a ***"), ("X-Key", "b ***")), None)
    assert len(origins(shown, fields("", (("X-Key", "a ***"), ("X-Key", "c ***")), None))) == 2
    with pytest.raises(EditError, match="x-key"):
        origins(shown, fields("", (("X-Key", "b ***"),), None))


def test_masks_of_a_body_are_known_by_their_member_however_it_is_laid_out() -> None:
    laid_out = b'{\n  "card": {\n    "pin": "***"\n  },\n  "password": "***"\n}'
    assert places(body=laid_out)["body"] == [1, 0]
    with pytest.raises(EditError, match="the body"):
        places(body=b'{"name": "***"}')


def test_one_of_several_masks_that_look_alike_cannot_be_told() -> None:
    shown = fields("https://x.example/?key=***&a=1&key=***", (), None)
    assert origins(shown, fields("https://x.example/?key=***&key=***", (), None))["url"] == (
        ("url", 0),
        ("url", 1),
    )
    with pytest.raises(EditError, match="the URL"):
        origins(shown, fields("https://x.example/?key=***", (), None))
