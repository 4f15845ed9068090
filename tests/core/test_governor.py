"""The governor against modelled servers, a whole run in simulated time."""

from __future__ import annotations

import pytest
from fetchdeck.core.policies.governor import Bounds, Governor, Signal
from fetchdeck.core.policies.governor.signals import per_s

from tests.support.model_clients import Client, Fixed, Result, governed, random_stalls
from tests.support.model_servers import (
    FixedWindow,
    Latency,
    LeakyBucket,
    Moody,
    Server,
    Workers,
    changing,
    fixed,
    heavy_tailed,
    log_normal,
    steady,
)

RUN_S = 120.0
STALLS = random_stalls(2, 0.04, RUN_S)


def run(server: Server, seconds: float = RUN_S, **client: object) -> Result:
    return Client(server, governed(), **client).run(seconds)  # type: ignore[arg-type]


def paces(result: Result, start: float, end: float) -> list[float]:
    return [pace for at, _, pace, _ in result.limits if start <= at < end and pace is not None]


def limits(result: Result, start: float, end: float) -> list[int]:
    return [limit for at, limit, _, _ in result.limits if start <= at < end]


@pytest.mark.parametrize("latency_s", [0.002, 0.05, 0.333])
@pytest.mark.parametrize(("rate", "burst"), [(10, 1), (10, 20), (100, 1), (100, 20), (1000, 20)])
def test_a_rate_limit_with_burst_is_used_and_kept(rate: float, burst: float, latency_s: float) -> None:
    result = run(LeakyBucket(steady(rate), burst, fixed(latency_s)))
    assert result.accepted_per_s(0, RUN_S) >= 0.95 * rate
    assert result.refused_share(10, RUN_S) < 0.02
    assert result.accepted_per_s(10, 20) >= 0.93 * rate
    assert sum(at > 15 and not decision.passing for at, decision in result.decisions) <= 10


@pytest.mark.parametrize(
    ("rate", "reachable"),
    # A request that comes up to 2 ms early after its predecessor is refused where there is no burst. With starts
    # s apart, that happens to (2 ms - (s - 1/rate))**2 / 8 ms**2 of them: under 2 % from s = 1/rate + 1.6 ms on.
    [(10, 9.84), (100, 86.2), (1000, 385)],
)
@pytest.mark.parametrize("latency_s", [0.002, 0.05, 0.333])
def test_a_rate_limit_without_burst_is_used_as_far_as_jitter_lets(
    rate: float, reachable: float, latency_s: float
) -> None:
    result = run(LeakyBucket(steady(rate), 0, fixed(latency_s)))
    assert result.accepted_per_s(20, RUN_S) >= 0.92 * reachable
    assert result.refused_share(10, RUN_S) < 0.02


@pytest.mark.parametrize("burst", [0, 1, 20])
@pytest.mark.parametrize("rate", [10, 100])
def test_a_halved_rate_limit_is_settled_on_within_ten_seconds(rate: float, burst: float) -> None:
    half = rate / 2
    result = run(LeakyBucket(changing(rate, (40, half)), burst, fixed(0.05)), 100)
    assert result.accepted_per_s(50, 100) >= (0.97 if burst else 0.85) * half
    assert all(0.85 * half < pace < 1.11 * half for pace in paces(result, 50, 60))
    # At 5/s every try of the bisection without burst costs two or three refusals of some two hundred requests.
    assert result.refused_share(50, 100) < (0.025 if burst else 0.035)


@pytest.mark.parametrize("rate", [10, 100])
def test_a_doubled_rate_limit_is_found_within_two_probe_intervals(rate: float) -> None:
    result = run(LeakyBucket(changing(rate, (40, 2 * rate)), 1, fixed(0.05)), 240)
    assert result.accepted_per_s(160, 240) >= 0.97 * 2 * rate


def test_an_hourly_quota_used_up_at_once_leaves_its_refill() -> None:
    per_s = 5000 / 3600
    result = run(LeakyBucket(steady(per_s), 5000, fixed(0.05)), 900)
    assert result.accepted_per_s(20, 900) >= 0.95 * per_s
    assert result.refused_share(60, 900) < 0.02


def test_a_quota_that_begins_anew_is_used_again() -> None:
    result = run(FixedWindow(600, 60, fixed(0.05)), 240)
    for start in (60, 120, 180):
        assert result.count(Signal.ACCEPTED, start, start + 60) >= 550
        assert result.count(Signal.REFUSED, start, start + 60) < 400


def test_idle_time_is_no_low_throughput() -> None:
    cooling = ((40.0, 60.0), (100.0, 120.0))
    result = run(LeakyBucket(steady(100), 5, fixed(0.05)), 200, idle=cooling)
    assert min(paces(result, 40, 200)) > 0.95 * 100


@pytest.mark.parametrize(
    ("workers", "service_s"), [(50, 0.1), (5, 0.05), (1, 0.1)], ids=["50 workers", "5 workers", "1 worker"]
)
def test_capacity_is_used_without_a_queue(workers: int, service_s: float) -> None:
    result = run(Workers(steady(workers), fixed(service_s)))
    assert result.accepted_per_s(10, RUN_S) >= 0.95 * workers / service_s
    assert result.median_s(10, RUN_S) < 1.5 * service_s
    assert max(limits(result, 10, RUN_S)) <= 1.5 * workers + 1


@pytest.mark.parametrize("service", [fixed(0.1), log_normal(0.1, 0.5)], ids=["fixed", "log-normal"])
def test_capacity_that_drops_and_returns(service: Latency) -> None:
    result = run(Workers(changing(50, (40, 25), (80, 50)), service), 160)
    full = result.accepted_per_s(20, 40)
    assert result.median_s(50, 80) < 0.2
    assert result.accepted_per_s(50, 80) >= 0.95 * full / 2
    assert result.accepted_per_s(110, 160) >= 0.95 * full


@pytest.mark.parametrize(
    "service", [log_normal(0.1, 0.5), heavy_tailed(0.1)], ids=["log-normal", "heavy tail"]
)
@pytest.mark.parametrize("seed", [1, 2, 4])
def test_noisy_latency_costs_little(service: Latency, seed: int) -> None:
    chosen = Client(Workers(steady(50), service), Fixed(60), seed=seed).run(RUN_S)
    result = run(Workers(steady(50), service), seed=seed)
    assert result.accepted_per_s(10, RUN_S) >= 0.9 * chosen.accepted_per_s(10, RUN_S)
    assert max(limits(result, 10, RUN_S)) < 150


def test_noise_without_a_limit_does_not_stop_growth() -> None:
    result = run(Workers(steady(100_000), log_normal(0.1, 0.5)), 10)
    assert result.limits[-1][1] == 1000


@pytest.mark.parametrize(
    "client", [{"demand": 20}, {"arrivals_per_s": 200.0}], ids=["20 at once", "200 a second"]
)
def test_a_limit_that_is_not_used_does_not_grow(client: dict[str, object]) -> None:
    result = run(Workers(steady(100_000), fixed(0.1)), **client)
    in_use = max(in_flight for at, _, _, in_flight in result.limits if at > 10)
    assert result.limits[-1][1] <= 2 * in_use


def test_timeouts_cut_the_limit() -> None:
    governor = Governor(0.0, Bounds(), 100)
    decisions = [governor.ended(30.0 + n / 100, Signal.TIMED_OUT, 30.0, 100) for n in range(20)]
    assert [decision.limit for decision in decisions if decision] == [70]


def test_a_single_refusal_changes_nothing() -> None:
    governor = Governor(0.0, Bounds(), 10)
    for n in range(200):
        signal = Signal.REFUSED if n == 100 else Signal.ACCEPTED
        governor.ended(n / 100, signal, 0.1, 2)
    assert governor.pace is None


def test_two_hosts_have_a_governor_each() -> None:
    slow, fast = (run(LeakyBucket(steady(rate), 5, fixed(0.05))) for rate in (10, 100))
    assert slow.accepted_per_s(10, RUN_S) == pytest.approx(10, rel=0.03)
    assert fast.accepted_per_s(10, RUN_S) == pytest.approx(100, rel=0.03)


def test_reasons_say_what_was_seen() -> None:
    result = run(LeakyBucket(steady(100), 5, fixed(0.05)), 30)
    locked = next(decision for _, decision in result.decisions if "next probe" in decision.reason)
    assert "refused" in locked.reason or "ceiling" in locked.reason
    assert "ceiling about" in locked.reason
    assert "next probe in 60 s" in locked.reason


@pytest.mark.parametrize("latency_s", [0.0005, 0.05])
@pytest.mark.parametrize(("rate", "burst"), [(10, 20), (100, 5), (300, 5), (1000, 20)])
def test_a_busy_machine_costs_little_of_a_rate_limit(rate: float, burst: float, latency_s: float) -> None:
    result = run(LeakyBucket(steady(rate), burst, fixed(latency_s)), 60, stalls=STALLS)
    assert result.accepted_per_s(0, 60) >= 0.95 * rate
    assert result.refused_share(10, 60) < 0.02


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_was_locked_is_tried_again_after_a_machine_stood_still(seed: int) -> None:
    storm = tuple((12 + start, 12 + end) for start, end in random_stalls(0.1, 0.1, 4, seed))
    result = run(LeakyBucket(steady(300), 5, fixed(0.02)), 60, stalls=storm)
    assert result.accepted_per_s(30, 60) >= 0.97 * 300
    assert result.refused_share(30, 60) < 0.01


def test_a_few_milliseconds_are_no_queue() -> None:
    server = Workers(steady(100), log_normal(0.0006, 0.7))
    result = Client(server, governed(16), stalls=random_stalls(1, 0.01, 5)).run(5)
    assert limits(result, 2, 5) == [16] * 12


@pytest.mark.parametrize(("rate", "told"), [(1020.4, "1,020/s"), (863.2, "863/s"), (9.953, "9.95/s")])
def test_rates_are_told_without_exponents(rate: float, told: str) -> None:
    assert per_s(rate) == told


@pytest.mark.parametrize("share", [0.03, 0.05, 0.1])
@pytest.mark.parametrize("seed", [1, 2])
def test_refusals_at_random_do_not_sink_the_pace(share: float, seed: int) -> None:
    result = run(Moody(Workers(steady(8), fixed(0.1)), share), 300, seed=seed)
    assert result.accepted_per_s(200, 300) >= 0.6 * 80


@pytest.mark.parametrize("seed", [1, 2])
def test_a_limit_is_found_beneath_refusals_at_random(seed: int) -> None:
    result = run(Moody(LeakyBucket(steady(100), 20, fixed(0.05)), 0.03), 240, seed=seed)
    assert result.accepted_per_s(120, 240) >= 92
    assert result.refused_share(120, 240) < 0.06


@pytest.mark.parametrize("burst", [0, 1, 5, 20, 200])
@pytest.mark.parametrize("rate", [10, 100])
def test_refusals_of_a_limit_are_not_taken_for_those_at_random(rate: float, burst: float) -> None:
    governor = governed()
    Client(LeakyBucket(changing(rate, (60, rate / 2), (120, rate / 4)), burst, fixed(0.05)), governor).run(
        180
    )
    assert governor.background == 0
