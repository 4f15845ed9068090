"""The colours of tones, for the widgets that draw with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.css.styles import RenderStyles
from textual.dom import DOMNode
from textual.widget import Widget

from .columns import Tone

if TYPE_CHECKING:
    _Mixin = Widget
else:
    _Mixin = object


class Toned(_Mixin):
    """For a widget whose style sheet has the rules of `tone_css`: a tone's style is found when it is first drawn.

    Textual finds those of all COMPONENT_CLASSES with every widget. Of 160 tones a first frame draws 36, and the
    others were a fiftieth of its time. They may depend on the theme alone: Textual tells of no other change. No widget
    itself: Textual takes the style rules of a widget's first base that is one.
    """

    def get_component_styles(self, *names: str) -> RenderStyles:
        """As Textual has it, and the styles of tones besides."""
        for name in names:
            if name in _TONES and name not in self._component_styles:
                node = DOMNode(classes=name)
                node._attach(self)  # pyright: ignore[reportPrivateUsage]
                self.app.stylesheet.apply(node, animate=False)
                self._component_styles[name] = node.styles
        return super().get_component_styles(*names)

    def notify_style_update(self) -> None:
        """Forget the old theme's colours, and draw with the new ones."""
        super().notify_style_update()
        if known := _TONES & self._component_styles.keys():
            for name in known:
                del self._component_styles[name]
            self.refresh()


_TONES = frozenset(tone.value for tone in Tone)
