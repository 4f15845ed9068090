"""One session of a run from its start to its end: its state, and how it reacts to what happens to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from ..errors import InputError
from ..journal.entries import Ended
from ..journal.store import Store
from ..model import FailureKind
from ..past import EventKind
from ..snapshot import Asking, RunState
from .equipment import Equipment
from .holds import Hold, Holds
from .ingest import Ingest
from .lifecycle import Facts, settled
from .recorder import keep


class Session:
    """Holds the run's state; the scheduler, the journal and the clock report here."""

    def __init__(self, equipment: Equipment) -> None:
        """Running, though nothing happens before `start`."""
        self._with = equipment
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._holds = Holds()
        self._held = False
        self.state = RunState.RUNNING
        self.reason = ""
        """Why it is in that state, where no user wanted it."""
        self.stopped_by: str | None = None
        """The stop condition that paused the run, in a sentence."""
        self.asking: Asking | None = None
        """What a user is to decide."""
        self.refused: str | None = None
        """Why the run cannot go on at all, in a sentence."""
        self.mask: Callable[[str], str] = str
        """Takes secrets out of what is kept."""
        self.over = asyncio.Event()
        """Set while there is nothing to wait for: finished, drained, abandoned, or stopped."""

    @property
    def input_known(self) -> bool:
        """Whether the whole input is in the journal."""
        ingest = self._with.ingest
        return self._with.input_done if ingest is None else ingest.done

    @property
    def under_way(self) -> int:
        """Requests that hold a slot or have ended and are not durable yet; others that are leased were not sent."""
        return len(self._with.scheduler.flights) + self._with.journal.saving

    def start(self, told: Sequence[str]) -> None:
        """Begin to read and to fetch; `told` is what is said of the options beside the concurrency."""
        said = ", ".join([f"Started with concurrency {self._with.controls.limit}", *told])
        self._with.events.say(EventKind.STARTED, f"{said}.")
        if self._with.ingest is not None:
            self.spawn(self._read_input(self._with.ingest))
        self.settle()
        self._with.scheduler.pump()

    @property
    def held(self) -> bool:
        """Whether the run is paused by a hold alone, and goes on by itself."""
        return self._held

    def enter(self, state: RunState, reason: str = "") -> None:
        """Take a state."""
        self.state = state
        self.reason = reason
        self._held = False
        if state is not RunState.PAUSED:
            self.asking = None
        self._with.gate.paused = state in (RunState.PAUSED, RunState.DRAINING)

    def resume(self) -> None:
        """Go on after a pause, whoever ordered it, and say yes to what was asked."""
        insists, now = self._held, self._loop.time()
        if self.asking is Asking.CANARY:
            self._with.scheduler.reserve = None
        elif self.asking is Asking.CREDENTIALS:
            self._with.credentials.go_on()
        self._with.stops.reset(self._with.clock.session_s(now))
        if self._holds.reason is not None and not insists:
            # Only the user's own pause, or the question, is over; whoever resumes a second time insists.
            self.stopped_by = self.asking = None
            self.over.clear()
            self._wait_if_held()
            return
        self._holds.clear()
        self._with.outages.dismiss()
        self._with.care.forgive(now)
        self._go_on()

    def hold(self, hold: Hold, reason: str) -> None:
        """Pause until what is wrong outside is well again."""
        self._holds.add(hold, f"{reason}; goes on by itself")
        self.warn(f"Waiting: {reason}.")
        if self.state is RunState.RUNNING:
            self._wait_if_held()

    def release(self, hold: Hold, said: str) -> None:
        """It is well again: go on, unless there is another reason to wait."""
        self._with.events.say(EventKind.RESUMED, said)
        if not self._holds.drop(hold) or not self._held:
            return
        if self._holds.reason is not None:
            self.reason = self._holds.reason
        else:
            self._go_on()

    def give_up(self, reason: str) -> None:
        """Let whoever waits for the end of a hold know that it may never come; it still may."""
        if self._held:
            self.stopped_by = reason
            self.over.set()

    def settle(self) -> None:
        """See whether the run has come to an end, or goes on after one."""
        facts = Facts(
            pending=self._with.journal.counts.pending,
            idle=not (
                self._with.scheduler.flights or self._with.outages.undecided or self._with.by_hand.under_way
            )
            and self._with.journal.idle,
            reading=self._with.ingest is not None and self._with.ingest.reading,
            input_known=self.input_known,
            leaving=self._with.scheduler.stopping,
        )
        state = settled(self.state, facts)
        if state is self.state:
            self._ask_about_canaries()
            return
        if state in (RunState.RUNNING, RunState.FINISHED):
            self.stopped_by = self.asking = None
        if state is RunState.RUNNING:
            self._with.clock.run(self._loop.time())
            self.over.clear()
            self.enter(state)
            self._wait_if_held()
        else:
            self._end(state)

    def tell_requeued(self, count: int) -> None:
        """Note how many requests a user has queued again."""
        self._with.by_hand.tell_requeued(count)

    def tell_options(self, changes: Sequence[str]) -> None:
        """Note which options differ from those of the session before."""
        self._with.events.say(EventKind.OPTIONS, f"Options changed: {', '.join(changes)}.")

    def warn(self, text: str) -> None:
        """Note something a user should know of."""
        self._with.events.say(EventKind.TROUBLE, text)

    def refuse(self, reason: str) -> None:
        """Leave the run as it is, because going on would be wrong or cannot be recorded."""
        self.refused = self.refused or reason
        self.warn(reason)
        self._with.scheduler.abandon()
        self.enter(RunState.INTERRUPTED, reason)
        self.over.set()

    def ask(self, question: Asking, reason: str) -> None:
        """Pause until a user has decided; whoever only waits for the end is told that this is one.

        Nothing is asked of a user who has left, or while another question is open.
        """
        if self.stopped_by is not None or self._with.scheduler.stopping or self.state is RunState.FINISHED:
            return
        self.stopped_by, self.asking = reason, question
        self._with.events.say(EventKind.PAUSED, f"Stopped: {reason}.")
        if self.state in (RunState.RUNNING, RunState.PAUSED):
            self.enter(RunState.PAUSED, reason)
        self.over.set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside; it ends with the session, and an error in it is noted."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._reap)

    async def close(self) -> None:
        """Stop, wait for what is in flight, and make everything durable."""
        self._with.scheduler.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._with.scheduler.landed()
        now = self._loop.time()
        self._with.clock.stop(now)
        outcome = "finished" if self.state is RunState.FINISHED else "interrupted"
        elapsed = self._with.clock.session_s(now)
        reason = self.mask(self.refused or self.stopped_by or "")
        stopped = {"session": self._with.number, "reason": reason}
        past = self._with.recorder.finish(now, self._with.controls.limit)
        keep(self._with.journal, self._with.number, past)
        self._with.journal.post(Store.give_back_all)
        self._with.journal.post(lambda store: store.set_meta("stopped", stopped))
        self._with.journal.post(lambda store: store.save_session(self._with.number, elapsed, outcome))
        await self._with.journal.close()

    # What the parts report

    def committed(self, ended: list[Ended]) -> None:
        """A batch is durable."""
        self._with.held.drop(one.id for one in ended if one.state.terminal)
        self.settle()
        self._with.scheduler.pump()

    def request_ended(self, failed: bool) -> None:
        """A request succeeded or failed for good."""
        reason = self._with.stops.ended(failed=failed)
        if reason is not None:
            self.ask(Asking.STOP, reason)

    def attempted(self, status: int | None, kind: FailureKind | None) -> None:
        """An attempt has ended, be it the last of its request or not."""
        reason = self._with.stops.attempted(status, kind)
        if reason is not None:
            self.ask(Asking.STOP, reason)

    def unauthorized(self, host: str) -> None:
        """A host refuses what it took before."""
        self.ask(Asking.CREDENTIALS, f"{host} answers 401 Unauthorized to what it accepted before")

    # Inside

    def _ask_about_canaries(self) -> None:
        counts = self._with.journal.counts
        if self._with.scheduler.reserve == 0 and not counts.in_flight and not counts.waiting:
            told = f"{counts.succeeded:,} succeeded, {counts.failed:,} failed"
            self.ask(Asking.CANARY, f"the first {self._with.canaries} have been sent: {told}")

    def _wait_if_held(self) -> None:
        if self._holds.reason is not None:
            self.enter(RunState.PAUSED, self._holds.reason)
            self._held = True

    def _go_on(self) -> None:
        self.stopped_by = self.asking = None
        self.over.clear()
        self.enter(RunState.RUNNING)
        self._with.scheduler.pump()

    async def _read_input(self, ingest: Ingest) -> None:
        try:
            await ingest.run(self._with.journal, self._with.scheduler.pump)
        except InputError as error:
            self.refuse(str(error))
        except Exception as error:  # whatever it is, the run must come to an end
            reason = f"The input could not be read to its end: {error or type(error).__name__}."
            if self._with.held.read_to is None:
                self.warn(reason)
            else:
                # Rows whose secrets have not been read again can be neither sent nor failed.
                self.refuse(f"{reason} Run the same command again with the same input.")

    def _end(self, state: RunState) -> None:
        self.enter(state, "" if self.input_known else "the input has not been read to its end")
        self._with.clock.stop(self._loop.time())
        counts = self._with.journal.counts
        word = "Finished" if state is RunState.FINISHED else "Interrupted, resumable"
        self._with.events.say(
            EventKind.FINISHED,
            f"{word}: {counts.succeeded:,} succeeded, {counts.failed:,} failed of {counts.total:,}.",
        )
        self.over.set()

    def _reap(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.warn(f"Internal error: {type(error).__name__}: {error}")
        self.settle()
