"""New credentials: how they are understood, and that what is typed is seen by nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from fetchdeck.core.errors import OptionError, TemplateError
from fetchdeck.core.journal.job_names import JobNames
from fetchdeck.core.snapshot import Asking, RunState
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.credentials import FORM, Credentials, described, parse_credentials
from fetchdeck.tui.screens.credentials import CredentialsScreen
from fetchdeck.tui.screens.main import MainScreen
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from ..support.canaries import leaks
from ..support.hostile import recorded
from ..support.journal_factory import open_journal
from ..support.scripted_engine import ScriptedEngine, running, scripted, seen

NAMES = JobNames(("X-Site-Token",), frozenset({"API_KEY"}))
TOKEN = "CnryTyped88xQ"


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("Authorization: Bearer a.b=c", Credentials(headers=(("Authorization", "Bearer a.b=c"),))),
        ("  x-api-key:abc ", Credentials(headers=(("x-api-key", "abc"),))),
        ("X: ünï", Credentials(headers=(("X", "ünï"),))),
        ("API_KEY=a:b=c", Credentials(environ=(("API_KEY", "a:b=c"),))),
    ],
)
def test_a_header_or_a_variable_is_understood(text: str, understood: Credentials) -> None:
    assert parse_credentials(text, NAMES) == understood
    assert repr(understood) == "Credentials()"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", FORM),
        (TOKEN, FORM),
        (f"{TOKEN}==", "The requests use no such variable, but API_KEY."),
        ("Authorization:  ", "There is no value behind the name."),
        ("API_KEY=", "There is no value behind the name."),
        (f"Authorization: {TOKEN}\nX: y", "control character"),
        (f"API_KEY={TOKEN}\x00", "control character"),
        (f"a header: {TOKEN}", FORM),
    ],
)
def test_what_is_neither_is_refused_in_words_without_it(text: str, why: str) -> None:
    with pytest.raises(OptionError, match=why.replace(".", r"\.")) as caught:
        parse_credentials(text, NAMES)
    assert TOKEN not in str(caught.value)


def test_without_variables_none_is_taken_and_without_names_any() -> None:
    with pytest.raises(OptionError, match="The requests use no variable"):
        parse_credentials("A=b", JobNames())
    assert parse_credentials("A=b", None).environ == (("A", "b"),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", FORM),
        ("abc", "3 characters, neither NAME: value nor NAME=value yet."),
        ("authorization: a", "1 character for Authorization."),
        ("x-site-token: abc", "3 characters for X-Site-Token."),
        ("API_KEY=abcd", "4 characters for API_KEY."),
        ("user:password", "8 characters for another header."),
        ("dXNlcg==", "1 character for a variable."),
    ],
)
def test_what_is_being_typed_is_described_without_it(text: str, words: str) -> None:
    assert described(text, NAMES) == words


@given(st.text(max_size=40))
def test_no_text_breaks_the_words_or_shows_in_them(text: str) -> None:
    secret = f"qz{text}zq"
    for form in (secret, f"Authorization: {secret}", f"API_KEY={secret}", f"{secret}=1", f"{secret}: 1"):
        for told in _told_of(form):
            assert "qz" not in told


def _told_of(text: str) -> Iterator[str]:
    """All that is shown, or may be logged, of a text that was typed."""
    yield described(text, NAMES)
    try:
        yield repr(parse_credentials(text, NAMES))
    except OptionError as error:
        yield str(error)


def asking_engine(folder: Path) -> ScriptedEngine:
    now = running(
        state=RunState.PAUSED,
        asking=Asking.CREDENTIALS,
        reason="api.example.com answers 401 Unauthorized to what it accepted before",
    )
    engine = scripted(folder, now=now, obeys=True)
    job = {
        "templates": {
            "url": "https://h/{{ id }}?key={{ env.API_KEY }}",
            "method": None,
            "headers": [["X-Site-Token", "***"]],
            "data": None,
            "json": None,
        }
    }
    db = open_journal(engine.journal_path)
    with db:
        db.execute("INSERT OR REPLACE INTO meta(key, value) VALUES ('job', ?)", (json.dumps(job),))
    db.close()
    return engine


async def asked(pilot: Pilot[None]) -> CredentialsScreen:
    while not isinstance(pilot.app.screen, CredentialsScreen) or pilot.app.screen._names is None:
        await pilot.pause(0.01)
    return pilot.app.screen


@pytest.mark.parametrize(
    ("typed", "commanded"),
    [
        ("Authorization: Bearer pq", ((("Authorization", "Bearer pq"),), {})),
        ("API_KEY=pq", ((), {"API_KEY": "pq"})),
    ],
)
@pytest.mark.parametrize("keys", [("enter",), ("tab", "enter"), ("down", "home", "enter")])
async def test_what_is_typed_is_given_to_the_run_which_goes_on(
    tmp_path: Path, typed: str, commanded: tuple[object, ...], keys: tuple[str, ...]
) -> None:
    engine = asking_engine(tmp_path)
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        field = (await asked(pilot)).query_one(Input)
        assert "answers 401" in seen(app)
        await pilot.press(*typed)
        await pilot.pause()
        assert "•" * len(typed) in seen(app)
        await pilot.press(*keys)
        await pilot.pause()
        assert engine.commands == [("set_credentials", *commanded), ("resume",)]
        assert isinstance(app.screen, MainScreen)
        assert field.value == ""


@pytest.mark.parametrize("keys", [("tab", "p"), ("tab", "down", "enter"), ("escape", "p")])
async def test_the_run_goes_on_with_the_same(tmp_path: Path, keys: tuple[str, ...]) -> None:
    engine = asking_engine(tmp_path)
    async with FetchdeckApp(engine).run_test(size=(80, 24)) as pilot:
        await asked(pilot)
        await pilot.press(*keys)
        await pilot.pause()
        assert engine.commands == [("resume",)]


@pytest.mark.parametrize(
    ("choice", "commanded"), [("the same", ("resume",)), ("leave: drain", ("drain",)), ("decide later", None)]
)
async def test_the_mouse_chooses(tmp_path: Path, choice: str, commanded: tuple[str] | None) -> None:
    engine = asking_engine(tmp_path)
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        await asked(pilot)
        lines = seen(app).splitlines()
        y = next(y for y, line in enumerate(lines) if choice in line)
        await pilot.click(offset=(lines[y].index(choice), y))
        await pilot.pause()
        assert engine.commands == ([commanded] if commanded else [])
        assert not isinstance(app.screen, CredentialsScreen)


async def test_nonsense_is_refused_and_can_be_corrected(tmp_path: Path) -> None:
    engine = asking_engine(tmp_path)
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        screen = await asked(pilot)
        await pilot.press(*TOKEN, *"==", "tab", "enter")
        await pilot.pause()
        assert "no such variable, but API_KEY." in seen(app)
        assert app.focused is screen.query_one(Input)
        await pilot.press("home", *"API_KEY=", "enter")
        assert engine.commands == [("set_credentials", (), {"API_KEY": f"{TOKEN}=="}), ("resume",)]


async def test_what_the_engine_refuses_is_not_quoted(tmp_path: Path) -> None:
    engine = asking_engine(tmp_path)

    class Refusing(ScriptedEngine):
        def set_credentials(self, headers: object, environ: object) -> None:
            raise TemplateError(f"--header {headers!r} cannot be sent")

    refusing = Refusing(engine.journal_path, engine.now, obeys=True)
    async with (app := FetchdeckApp(refusing)).run_test(size=(80, 24)) as pilot:
        await asked(pilot)
        await pilot.press(*f"X: {TOKEN}", "enter")
        await pilot.pause()
        assert "These cannot be sent" in seen(app)
        assert TOKEN not in seen(app)
        assert refusing.commands == []


async def test_what_is_typed_or_pasted_is_seen_by_nobody(tmp_path: Path) -> None:
    engine = asking_engine(tmp_path)
    pictures: list[str] = []

    async def script(app: FetchdeckApp, pilot: Pilot[None]) -> None:
        screen = await asked(pilot)
        field = screen.query_one(Input)
        field.post_message(events.Paste(f"Authorization: Bearer {TOKEN}\n"))
        while not field.value:
            await pilot.pause(0.01)
        await pilot.press("ctrl+a", "shift+end", "home", "shift+end")
        await pilot.pause()
        assert TOKEN in field.selected_text
        for action in ("copy", "cut"):
            await field.run_action(action)
        assert field.value == ""
        await pilot.press(*f"Authorization: Bearer {TOKEN}")
        await pilot.pause()
        pictures.append(unescape(app.export_screenshot()).replace("\xa0", " "))
        assert "for Authorization." in pictures[-1]
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("ctrl+p", *"typed", "escape", "6")
        await pilot.pause()
        pictures.append(unescape(app.export_screenshot()))
        assert TOKEN not in app.clipboard

    written = await recorded(engine, (80, 24), script)
    assert engine.commands[0] == ("set_credentials", (("Authorization", f"Bearer {TOKEN}"),), {})
    for text in (written, *pictures):
        assert leaks(text, [TOKEN]) == []


async def test_the_choices_do_not_take_letters_from_the_field(tmp_path: Path) -> None:
    engine = asking_engine(tmp_path)
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        screen = await asked(pilot)
        await pilot.press(*"pqo")
        assert screen.query_one(Input).value == "pqo"
        assert engine.commands == []
        await pilot.press("down")
        assert isinstance(app.focused, OptionList)
