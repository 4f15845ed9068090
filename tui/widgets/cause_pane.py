"""What is known of the selected cause, below the table of causes where the screen is high enough."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import var
from textual.visual import Visual
from textual.widget import Widget

from ...core.journal.cause_detail import CauseDetail
from ...core.journal.records import Cause
from ..cause_story import story


class CausePane(Widget):
    """Hidden while no cause is selected, and on screens that have no room."""

    DEFAULT_CSS = """
    CausePane { display: none; height: 8; padding: 0 1; background: $panel; }
    MainScreen.-medium CausePane.-told, MainScreen.-tall CausePane.-told { display: block; }
    """
    told: var[Content] = var(Content(""))

    def show(self, cause: Cause | None, detail: CauseDetail | None, now: float) -> None:
        """Tell of this cause; None hides the pane. `now` is the wall clock."""
        self.set_class(cause is not None, "-told")
        if cause is not None:
            self.told = story(cause, detail, now)

    def watch_told(self) -> None:
        """Paint what is told now."""
        self.refresh()

    def render(self) -> Visual:
        """The story, cut at the pane's end."""
        return self.told
