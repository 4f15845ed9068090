"""The upper part of the dashboard: what can be turned, and charts of what came of it."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.reactive import var

from ...core.handle import EngineHandle
from ...core.snapshot import Snapshot
from ..following import Follower, hand_on
from .bare_lines import BareGround
from .charts import Chart, ChartKind
from .controls import Controls

SPANS_S: tuple[float | None, ...] = (60, 300, 900, 3600, None)
"""How far back charts look, the whole run last."""
_FIRST = 1
KINDS = tuple(ChartKind)


class Deck(BareGround, Follower, Container):
    """As many charts as there is room for, all over the same time."""

    span_s: var[float | None] = var[float | None](None)
    histogram: var[bool] = var(False)

    def __init__(self, engine: EngineHandle) -> None:
        """A run that is only looked at is shown whole."""
        super().__init__(id="deck")
        self._engine = engine
        self._charted: Snapshot | None = None
        """The first snapshot of each second of the run, or state: charts would draw the same of all others."""
        self.set_reactive(Deck.span_s, None if engine.read_only else SPANS_S[_FIRST])

    def compose(self) -> ComposeResult:
        """All of it; the style sheet says which charts there is no room for."""
        yield Controls()
        for n, kind in enumerate(KINDS):
            chart = Chart(self._engine, notes=n == 0, id=f"chart-{n}")
            chart.set_reactive(Chart.kind, kind)
            yield chart.data_bind(Deck.span_s, Deck.histogram)

    def follow(self, snapshot: Snapshot) -> None:
        """Hand it on, to the charts if it tells them something."""
        super().follow(snapshot)
        self.query_one(Controls).follow(snapshot)
        last = self._charted
        if last is None or snapshot.history is not last.history or snapshot.state is not last.state:
            self._charted = snapshot
            hand_on(snapshot, self.query(Chart))

    def carry_out(self, what: str) -> None:
        """A command of the catalogue, by the argument of its action."""
        commands = {
            "zoom_out": lambda: self.zoom(farther=True),
            "zoom_in": lambda: self.zoom(farther=False),
            "histogram": self.toggle_histogram,
            "next": self.next_charts,
        }
        commands[what]()

    def zoom(self, *, farther: bool) -> None:
        """Look farther back, or less far."""
        at = SPANS_S.index(self.span_s) + (1 if farther else -1)
        self.span_s = SPANS_S[max(0, min(len(SPANS_S) - 1, at))]

    def toggle_histogram(self) -> None:
        """Latency over time, or how many attempts took how long; where no chart shows latency, the first one does."""
        charts = self._visible()
        if charts and not any(chart.kind is ChartKind.LATENCY for chart in charts):
            charts[0].kind = ChartKind.LATENCY
            self.histogram = True
        else:
            self.histogram = not self.histogram

    def next_charts(self) -> None:
        """Let each chart show what the next one in turn does."""
        for chart in self.query(Chart):
            chart.kind = KINDS[(KINDS.index(chart.kind) + 1) % len(KINDS)]

    @on(Chart.Switched)
    def _switch(self, event: Chart.Switched) -> None:
        """Show what no chart shows; where all is shown, latency the other way."""
        event.stop()
        seen = {chart.kind for chart in self._visible()}
        at = KINDS.index(event.chart.kind)
        following = (KINDS[(at + step) % len(KINDS)] for step in range(1, len(KINDS)))
        found = next((kind for kind in following if kind not in seen), None)
        if found is not None:
            event.chart.kind = found
        elif event.chart.kind is ChartKind.LATENCY:
            self.toggle_histogram()

    @on(Chart.Zoomed)
    def _zoom(self, event: Chart.Zoomed) -> None:
        event.stop()
        self.zoom(farther=event.farther)

    def _visible(self) -> list[Chart]:
        return [chart for chart in self.query(Chart) if chart.display]
