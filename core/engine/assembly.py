"""Putting the parts of an engine together."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any, cast

from ..courtesy import Courtesy
from ..inputs.recall import Recall
from ..inputs.source import Source
from ..job import Job
from ..journal.folder import RunFolder
from ..journal.store import Store
from ..journal.writer import Journal, Listener
from ..limits.gate import Gate
from ..limits.hosts import HostLimits
from ..policies.breaker import Breakers
from ..policies.rate import Pacer
from ..policies.stop import StopWatch
from ..secrets.templates import masked_templates
from ..snapshot import Asking
from ..transport.bodies import BodyStore
from ..transport.late import LateTransport, Loading, open_transport
from .by_hand import ByHand
from .controls import Controls
from .credentials import CredentialWatch
from .disk import DiskWatch
from .editing import Editing
from .engine import Engine
from .equipment import Equipment
from .events import EventLog
from .feed import Feed, HeldRows
from .governors import Governors
from .host_care import HostCare
from .ingest import Ingest, InputProgress
from .judging import Judging
from .landing import Landing, Reactions
from .meter import Meter
from .outage import OutageGuard, OutageListener
from .plan import Plan
from .pulse import TICK_S, Pulse
from .recorder import Recorder, remembered
from .renewal import Renewal
from .resending import Resending
from .run_clock import RunClock
from .scheduler import Parts, Scheduler
from .session import Session
from .spending import Purse
from .troubles import Troubles
from .watch import GapWatch


async def assemble(
    stack: AsyncExitStack,
    plan: Plan,
    folder: RunFolder,
    store: Store,
    source: Source | None,
    job: Job,
    loading: Loading | None = None,
) -> tuple[Session, Engine, Pulse]:
    """All parts of one session, not started yet; what wants to be closed is left to `stack`.

    The transport is opened now, or when `loading` has loaded it. Raises sqlite3.Error where the journal cannot be used.
    """
    now = asyncio.get_running_loop().time()
    options = plan.options
    known = InputProgress(**cast("dict[str, Any]", store.meta("ingest") or {}))
    number, earlier_s = store.begin_session()
    bodies = BodyStore(folder.bodies, read_soon=plan.rules is not None and plan.rules.reads > 0)
    courtesy, late = Courtesy(), None
    if loading is not None:
        late = LateTransport(loading, options, bodies, plan.redactor, plan.proxies, courtesy)
    transport = late or await open_transport(options, bodies, plan.redactor, plan.proxies)
    stack.push_async_callback(transport.close)

    held = HeldRows()
    ingest = None
    if source is not None and not (known.done and source.rewindable):
        if not source.rewindable:
            held = HeldRows(store.pending_sealed())
        sending = loading.done if loading is not None else None
        ingest = Ingest(source, plan.builder, plan.redactor, held, known, sending)
    recall = None
    if source is not None and source.rewindable:
        recall = Recall(job.input, source.format, source.identity)
        stack.push_async_callback(recall.close)

    editing = Editing(masked_templates(job.templates, plan.redactor), plan.redactor)
    feed = Feed(plan.builder, plan.redactor, recall, held, editing, late.opened if late is not None else None)
    limits = HostLimits(options.per_host, options.rate_per_host, options.burst)
    gate = Gate(options.concurrency, limits)
    events = EventLog(folder.log, plan.redactor)
    governors = Governors(limits, plan.bounds, events.say, lambda host: scheduler.reconsider(host))
    care = HostCare(
        limits,
        governors,
        Breakers(max(4, options.concurrency // 4)),
        events.say,
        lambda host: scheduler.reconsider(host),
    )
    credentials = CredentialWatch(secret=bool(plan.builder.secrets))
    purse = Purse.of(plan.spending, store)
    meter, gaps = Meter(now), GapWatch(now, TICK_S)
    past = remembered(store.path)
    recorder = Recorder(past, meter)
    # The parts report to the session and its troubles, and these work with the parts.
    session: Session
    scheduler: Scheduler
    controls: Controls
    troubles: Troubles
    journal = Journal(
        store,
        Listener(
            committed=lambda ended: session.committed(ended),
            troubled=lambda trouble: troubles.journal(trouble),
            failed=lambda reason: session.refuse(reason),
        ),
    )
    events.keep_in(journal, number)
    events.tell(recorder.mark)
    events.recall(past.moments)
    outages = OutageGuard(
        transport,
        journal,
        lambda work: session.spawn(work),
        OutageListener(
            began=lambda reason: troubles.outage_began(reason),
            ended=lambda seconds: troubles.outage_ended(seconds),
            hopeless=lambda reason: troubles.outage_hopeless(reason),
        ),
    )
    disk = DiskWatch(
        bodies.takes,
        lambda work: session.spawn(work),
        lambda reason: troubles.no_room(reason),
        lambda: troubles.room(),
    )
    reactions = Reactions(
        local_fault=lambda message: troubles.local_fault(message),
        disk_fault=disk.refused,
        attempted=lambda status, kind: session.attempted(status, kind),
        stop=lambda reason: session.ask(Asking.STOP, reason),
        unauthorized=lambda host: session.unauthorized(host),
        ended=lambda failed: session.request_ended(failed),
    )
    scheduler = Scheduler(
        Parts(
            journal=journal,
            transport=transport,
            courtesy=courtesy,
            feed=feed,
            gate=gate,
            landing=Landing(
                plan.policy, meter, gaps, outages, care, credentials, reactions, plan.redactor.text
            ),
            judging=Judging(plan.rules, bodies.read) if plan.rules is not None else None,
            purse=purse,
            on_feed_error=lambda reason: session.ask(Asking.STOP, reason),
            limit=lambda: controls.limit,
            rate_per_s=lambda: meter.rate_per_s(asyncio.get_running_loop().time(), 3),
        ),
        Pacer(burst=options.burst).at_rate(options.rate, now),
    )
    controls = Controls(gate, scheduler, governors, events, plan.bounds)
    equipment = Equipment(
        number=number,
        journal=journal,
        scheduler=scheduler,
        gate=gate,
        meter=meter,
        recorder=recorder,
        clock=RunClock(earlier_s, now),
        gaps=gaps,
        outages=outages,
        events=events,
        care=care,
        courtesy=courtesy,
        governors=governors,
        controls=controls,
        stops=StopWatch(plan.max_failures, plan.stop_on, options.time_limit_s),
        purse=purse,
        by_hand=ByHand(journal, scheduler, held, events),
        resending=Resending(journal, feed, editing, events),
        renewal=Renewal(plan.builder, plan.redactor, scheduler, credentials),
        credentials=credentials,
        canaries=options.canary,
        held=held,
        ingest=ingest,
        input_done=known.done,
    )
    done = store.counts.succeeded + store.counts.failed + store.counts.skipped
    if options.canary > done:
        scheduler.reserve = options.canary - done
    if options.auto:
        # Leases at once, so that the canaries must have been counted.
        controls.set_auto(True)
    session = Session(equipment)
    troubles = Troubles(session, equipment)
    return session, Engine(folder, session, equipment), Pulse(session, troubles, equipment)
