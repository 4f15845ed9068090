"""What a paused run asks on the dashboard, and how it is answered: by keys alone, by the mouse, or later."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fetchdeck.core.model import FailureKind, State
from fetchdeck.core.snapshot import Asking, RunState, Snapshot
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.screens.canary import CanaryScreen
from fetchdeck.tui.screens.help import HelpScreen
from fetchdeck.tui.screens.inspect_view import LinesView
from fetchdeck.tui.screens.main import MainScreen
from fetchdeck.tui.screens.question import QuestionScreen
from fetchdeck.tui.screens.quit import LeaveScreen
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input

from ..support.hostile import SHOWN, SURROGATE, check_terminal, recorded
from ..support.journal_factory import Made, append, open_journal
from ..support.scripted_engine import rows, running, scripted, seen

REASONS = {
    Asking.CANARY: "the first 3 have been sent: 2 succeeded, 1 failed",
    Asking.CREDENTIALS: "api.example.com answers 401 Unauthorized to what it accepted before",
    Asking.STOP: "20% of the last 100 requests failed, the limit is 20%",
}
REPLY = b"Content-Type: application/json\r\nX-Served-By: a"
SENT = (
    *(
        Made(
            State.SUCCEEDED,
            f"https://h/details?place={n}&key=***",
            headers=[("Authorization", "***")],
            status=200,
            reply=(REPLY, b'{"name": "Bern", "n": [1, 2]}'),
        )
        for n in range(2)
    ),
    Made(State.FAILED, "https://h/details?place=2", kind=FailureKind.TIMEOUT, message="no reply within 60 s"),
    *(Made(State.QUEUED) for _ in range(5)),
)


def asks(asking: Asking, **changes: object) -> Snapshot:
    return running(state=RunState.PAUSED, reason=REASONS[asking], asking=asking, eta=None, **changes)


async def settled(pilot: Pilot[None]) -> str:
    """Wait for what is read of the journal, and give back what is on the screen."""
    await pilot.pause()
    for worker in [worker for worker in pilot.app.workers if worker.group in ("canaries", "request")]:
        await worker.wait()
    await pilot.pause()
    for worker in [worker for worker in pilot.app.workers if worker.group in ("canaries", "request")]:
        await worker.wait()
    await pilot.pause()
    return seen(pilot.app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_canaries_are_shown_one_after_the_other(tmp_path: Path, size: tuple[int, int]) -> None:
    engine = scripted(tmp_path, SENT, now=asks(Asking.CANARY))
    async with FetchdeckApp(engine).run_test(size=size) as pilot:
        text = await settled(pilot)
        assert isinstance(pilot.app.screen, CanaryScreen)
        for part in (
            "1 of 3 · request 0 · ✓ succeeded",
            REASONS[Asking.CANARY],
            "GET https://h/details?place=0&key=***",
            "Authorization: ***",
            "Reply: 200 in 333 ms",
            "X-Served-By:  a",
            '  "name": "Bern",',
            "p send the rest",
            "q leave",
        ):
            assert part in text
        await pilot.press("n")
        assert "2 of 3 · request 1" in await settled(pilot)
        await pilot.press("right", "right", "n")
        text = await settled(pilot)
        assert "3 of 3 · request 2 · ✗ failed" in text
        assert "timeout: no reply within 60 s" in text
        await pilot.press("N", "left", "left")
        assert "1 of 3" in await settled(pilot)
    assert engine.commands == []


@pytest.mark.parametrize("asking", [Asking.CANARY, Asking.CREDENTIALS])
async def test_a_question_that_was_closed_stays_closed_until_o(tmp_path: Path, asking: Asking) -> None:
    engine = scripted(tmp_path, SENT, now=asks(asking), obeys=True)
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert isinstance(app.screen, QuestionScreen)
        await pilot.press("escape")
        app.pull()
        text = await settled(pilot)
        assert isinstance(app.screen, MainScreen)
        assert "‖ paused · waits for an answer" in text
        assert f"? {REASONS[asking]}" in text
        assert "o question" in text
        await pilot.press("o")
        await settled(pilot)
        assert isinstance(app.screen, QuestionScreen)
        await pilot.press("escape", "p")
        text = await settled(pilot)
        assert engine.commands == [("resume",)]
        assert REASONS[asking] not in text
        engine.now = asks(asking)
        app.pull()
        await settled(pilot)
        assert isinstance(app.screen, QuestionScreen)


async def test_p_sends_the_rest_and_closes(tmp_path: Path) -> None:
    engine = scripted(tmp_path, SENT, now=asks(Asking.CANARY), obeys=True)
    async with (app := FetchdeckApp(engine)).run_test() as pilot:
        await settled(pilot)
        await pilot.press("p")
        text = await settled(pilot)
        assert engine.commands == [("resume",)]
        assert isinstance(app.screen, MainScreen)
        assert "▶ running" in text


@pytest.mark.parametrize("asking", [Asking.CANARY, Asking.CREDENTIALS])
async def test_leaving_drains_saves_and_asks_no_more(tmp_path: Path, asking: Asking) -> None:
    engine = scripted(tmp_path, SENT, now=asks(asking), obeys=True)
    async with (app := FetchdeckApp(engine)).run_test() as pilot:
        await settled(pilot)
        await pilot.press(*(("tab", "q") if asking is Asking.CREDENTIALS else "q"))
        await pilot.pause()
        assert engine.commands == [("drain",)]
        engine.now = replace(engine.now, state=RunState.INTERRUPTED, asking=None)
        app.pull()
        await pilot.pause()
    assert app.return_code == 0


@pytest.mark.parametrize("asking", [Asking.CANARY, Asking.CREDENTIALS])
async def test_a_question_that_is_answered_elsewhere_closes_by_itself(tmp_path: Path, asking: Asking) -> None:
    engine = scripted(tmp_path, SENT, now=asks(asking))
    async with (app := FetchdeckApp(engine)).run_test() as pilot:
        await settled(pilot)
        await pilot.press("ctrl+p")
        engine.now = running()
        app.pull()
        await pilot.pause()
        await pilot.press("escape")
        app.pull()
        await pilot.pause()
        assert isinstance(app.screen, MainScreen)
    assert engine.commands == []


async def test_a_question_waits_until_nobody_types_or_reads(tmp_path: Path) -> None:
    engine = scripted(tmp_path, (*rows(3, 3), *SENT))
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "slash", "p")
        engine.now = asks(Asking.CANARY)
        app.pull()
        await pilot.pause()
        await pilot.press("p")
        assert isinstance(app.screen, MainScreen)
        assert app.screen.query_one("FilterBar Input", Input).value == "pp"
        assert REASONS[Asking.CANARY] in seen(app)
        engine.now = running()
        app.pull()
        await pilot.press("enter", "question_mark")
        assert isinstance(app.screen, HelpScreen)
        engine.now = asks(Asking.CANARY)
        app.pull()
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        app.pull()
        await settled(pilot)
        assert isinstance(app.screen, CanaryScreen)
    assert engine.commands == []


async def test_replies_that_become_durable_later_are_shown_too(tmp_path: Path) -> None:
    engine = scripted(tmp_path, SENT[3:], now=asks(Asking.CANARY))
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        assert "None of the first requests has ended" in await settled(pilot)
        await pilot.press("n", "N")
        db = open_journal(engine.journal_path)
        append(db, SENT[:1])
        db.close()
        engine.now = replace(engine.now, revision=2)
        app.pull()
        assert "1 of 1 · request 5" in await settled(pilot)


async def test_the_mouse_answers_a_canary(tmp_path: Path) -> None:
    engine = scripted(tmp_path, SENT, now=asks(Asking.CANARY), obeys=True)
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        for word, shown in (("next", "2 of 3"), ("previous", "1 of 3")):
            line = next(line for line in (await settled(pilot)).splitlines() if "send the rest  n" in line)
            await pilot.click(offset=(line.index(word), seen(app).splitlines().index(line)))
            assert shown in await settled(pilot)
        line = next(line for line in seen(app).splitlines() if "send the rest  n" in line)
        await pilot.click(offset=(line.index("send"), seen(app).splitlines().index(line)))
        await pilot.pause()
        assert engine.commands == [("resume",)]
        assert isinstance(app.screen, MainScreen)


@pytest.mark.parametrize(
    ("key", "word"), [("p", "go on all the same"), ("q", "leave; the run can be resumed")]
)
@pytest.mark.parametrize("mouse", [False, True])
async def test_a_stop_tells_its_reason_and_what_the_keys_do(
    tmp_path: Path, key: str, word: str, mouse: bool
) -> None:
    engine = scripted(tmp_path, rows(), now=asks(Asking.STOP), obeys=True)
    async with (app := FetchdeckApp(engine)).run_test(size=(80, 24)) as pilot:
        text = await settled(pilot)
        assert isinstance(app.screen, MainScreen)
        assert f"? {REASONS[Asking.STOP]}" in text
        assert f"{key} {word}" in text
        assert "o question" not in text
        await pilot.press("o")
        assert isinstance(app.screen, MainScreen)
        if mouse:
            await pilot.click("QuestionLine", offset=(text.splitlines()[4].index(word), 1))
        else:
            await pilot.press(key)
        await pilot.pause()
        if key == "p":
            assert engine.commands == [("resume",)]
            assert REASONS[Asking.STOP] not in seen(app)
        else:
            assert isinstance(app.screen, LeaveScreen)


async def test_hostile_questions_and_canaries_are_visible_text(tmp_path: Path) -> None:
    made = [
        Made(
            State.SUCCEEDED,
            f"http://h/{text}",
            headers=[("X-Given", text)],
            sent=text,
            status=200,
            reply=(f"X-Got: {text}".encode(), json.dumps([text, SURROGATE]).encode()),
        )
        for text in SHOWN
    ]
    for number, asking in enumerate(Asking):
        reason = " ".join(SHOWN)
        engine = scripted(tmp_path / str(number), made, now=replace(asks(asking), reason=reason), flying=())

        async def script(app: FetchdeckApp, pilot: Pilot[None], asking: Asking = asking) -> None:
            text = await settled(pilot)
            assert "csi ␛[666;666H␛[95;95m" in text
            if asking is Asking.CANARY:
                for shown in SHOWN.values():
                    text = await settled(pilot)
                    assert shown[:8] in text
                    app.screen.query_one(LinesView).scroll_end(animate=False)
                    await pilot.pause()
                    assert shown[:8] in seen(app)
                    await pilot.press("n")
            await pilot.press("escape")
            assert "csi ␛[666;666H␛[95;95m" in await settled(pilot)

        check_terminal(await recorded(engine, (120, 40), script))
        assert engine.commands == []
