from __future__ import annotations

import time

from fetchdeck.core.journal.records import Cause
from fetchdeck.core.latencies import Latency
from fetchdeck.core.model import Counts, FailureKind
from fetchdeck.core.policies.trend import Trend
from fetchdeck.core.report import Status
from fetchdeck.core.snapshot import RunState
from fetchdeck.tui.summary import summary_lines
from msgspec.structs import replace


def cause(number: int, signature: str, count: int) -> Cause:
    return Cause(number, signature, FailureKind.HTTP_STATUS, 404, count, 1.0, 2.0, 0)


FINISHED = Status(
    run="places.run",
    state=RunState.FINISHED,
    counts=Counts(succeeded=26_987, failed=13),
    bytes=26_312_000,
    elapsed_s=19.4,
    rate_per_s=1391.7,
    concurrency=500,
    failures=(cause(1, "HTTP 404", 12), cause(2, "HTTP 503", 1)),
)


def test_the_summary_of_a_run_with_failures() -> None:
    assert "\n".join(summary_lines(FINISHED, latency=Latency(334, 402.4, 3120))) == (
        "Finished. 26,987 of 27,000 succeeded, 0:19 elapsed, 1,392/s, 26.3 MB\n"
        "\n"
        "  succeeded  26,987   99.9%\n"
        "  failed         13   <0.1%\n"
        "  total      27,000\n"
        "\n"
        "  Latency of the last seconds: p50 334 ms, p95 402 ms, p99 3.1 s\n"
        "\n"
        "  Failures by cause\n"
        "    12  HTTP 404\n"
        "     1  HTTP 503\n"
        "\n"
        "  Run folder  places.run\n"
        "  Next        fetchdeck retry places.run\n"
        "              fetchdeck export places.run -o places.jsonl"
    )


def test_what_comes_next_depends_on_how_it_ended() -> None:
    interrupted = replace(FINISHED, state=RunState.INTERRUPTED, counts=Counts(queued=7, succeeded=3))
    lines = summary_lines(interrupted)
    assert lines[0].startswith("Interrupted, nothing is lost. 3 of 10 succeeded")
    assert "  Next        fetchdeck resume places.run" in lines
    assert not any("retry" in line for line in lines)
    clean = summary_lines(replace(FINISHED, counts=Counts(succeeded=9), failures=()))
    assert not any("retry" in line or "cause" in line for line in clean)
    assert summary_lines(FINISHED, stopped_by="20 requests failed")[0].startswith(
        "Stopped: 20 requests failed. "
    )


def test_why_a_run_stopped_or_waits_stands_first() -> None:
    reason = "the server answered 404, which --stop-on names"
    stopped = replace(FINISHED, state=RunState.INTERRUPTED, reason=reason)
    assert summary_lines(stopped)[0].startswith(f"Stopped: {reason}. 26,987 of 27,000 succeeded")
    waits = replace(FINISHED, state=RunState.PAUSED, reason="the quota is spent\x1b")
    assert summary_lines(waits)[0].startswith("Paused: the quota is spent")
    assert "\x1b" not in summary_lines(waits)[0]


def test_every_state_is_listed_and_the_columns_line_up() -> None:
    counts = Counts(queued=1, in_flight=2, waiting=3, succeeded=4_000_000, failed=5, skipped=6, invalid=7)
    lines = summary_lines(replace(FINISHED, state=RunState.RUNNING, counts=counts))
    assert [(line[2:13].strip(), line[13:22].strip()) for line in lines[2:10]] == [
        ("succeeded", "4,000,000"),
        ("failed", "5"),
        ("skipped", "6"),
        ("invalid", "7"),
        ("queued", "1"),
        ("in flight", "2"),
        ("waiting", "3"),
        ("total", "4,000,024"),
    ]
    assert {len(line) for line in lines[2:9]} == {30}


def test_only_the_largest_causes_are_listed_and_foreign_text_is_made_harmless() -> None:
    many = tuple(cause(n, f"\x1b[31mcause {n}\u202e " + "x" * 200, 100 - n) for n in range(9))
    lines = summary_lines(replace(FINISHED, failures=many, run="my runs/it's.run"))
    shown = lines[lines.index("  Failures by cause") + 1 :]
    assert shown[5] == "    374  of 4 more causes"
    assert all(line.isprintable() and len(line) <= 110 for line in lines)
    assert any(line.endswith("fetchdeck retry 'my runs/it'\"'\"'s.run'") for line in lines)


def test_the_sixth_cause_is_shown_itself_when_it_is_the_last() -> None:
    six = tuple(cause(n, f"HTTP {400 + n}", 9 - n) for n in range(6))
    lines = summary_lines(replace(FINISHED, failures=six))
    assert "    4  HTTP 405" in lines
    assert not any("more cause" in line for line in lines)
    seven = summary_lines(replace(FINISHED, failures=(*six, cause(6, "HTTP 406", 1))))
    assert "    5  of 2 more causes" in seven


def test_status_tells_of_each_cause_when_it_struck_how_it_goes_on_and_what_can_be_done() -> None:
    noon = 1_700_000_040.0
    rising = replace(
        cause(3, "HTTP 503", 42), first_at=noon - 600, last_at=noon, trend=Trend(((int(noon // 60), 42),))
    )
    shown = summary_lines(
        replace(FINISHED, failures=(rising, cause(7, "HTTP 404", 2)), run="my runs/a.run"),
        causes_in_full=True,
    )
    first, last = (time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at)) for at in (noon - 600, noon))
    at = shown.index("    42  HTTP 503")
    assert shown[at + 1 : at + 5] == [
        f"          first {first}, last {last}, ✶ new",
        "          fetchdeck retry 'my runs/a.run' --where cause:3",
        "          fetchdeck export 'my runs/a.run' --where cause:3 -o a-cause-3.jsonl",
        "     2  HTTP 404",
    ]
    assert not any("--where" in line for line in summary_lines(FINISHED))


def test_a_run_that_is_worked_on_is_not_retried_from_outside() -> None:
    lines = summary_lines(replace(FINISHED, state=RunState.RUNNING), causes_in_full=True)
    assert any("export places.run --where cause:2" in line for line in lines)
    assert not any("fetchdeck retry" in line for line in lines)
