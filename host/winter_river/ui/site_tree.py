"""The widget that shows a site row by row; only what is on the screen is asked for, only what changed is drawn."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from winter_river.site import Site
from winter_river.ui import cells
from winter_river.ui.tree import Row

# Colour only repeats what the word and the weight of the letters already say.
STYLES: Mapping[str, Style] = {
    "ok": Style(),
    "warning": Style(bold=True, color="yellow"),
    "fault": Style(bold=True, reverse=True, color="red"),
    "off": Style(dim=True),
    "offline": Style(dim=True, italic=True),
}
_PLAIN = Style()
_TITLE = Style(bold=True, underline=True)
_CURSOR = Style(bold=True, reverse=True)
_DEAD = Style(dim=True)


class SiteTree(ScrollView, can_focus=True):
    """The rows of a site with a cursor on one node."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
    ]

    class Selected(Message):
        """Another node is under the cursor."""

        def __init__(self, node_id: str) -> None:
            super().__init__()
            self.node_id = node_id

    def __init__(self, site: Site, rows: Sequence[Row]) -> None:
        super().__init__()
        self._site = site
        self._rows = tuple(rows)
        self._cursor = next(index for index, row in enumerate(self._rows) if row.node_id)
        self._lines: dict[int, cells.Line] = {}  # of the rows on the screen

    @property
    def selected(self) -> str:
        """The id of the node under the cursor."""
        return self._rows[self._cursor].node_id

    def look(self) -> None:
        """Asks the site for the rows on the screen and draws those that changed."""
        shown = {}
        top = self.scroll_offset.y
        for index in range(top, min(top + self.size.height, len(self._rows))):
            row = self._rows[index]
            if not row.node_id:
                continue
            shown[index] = cells.line(self._site.view(row.node_id))
            if shown[index] != self._lines.get(index):
                self.refresh_line(index)
        self._lines = shown

    def select(self, node_id: str) -> None:
        """Puts the cursor on a node."""
        for index, row in enumerate(self._rows):
            if row.node_id == node_id:
                self._put(index)

    def render_line(self, y: int) -> Strip:
        """One line of the screen, as Textual asks for it."""
        index = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if index >= len(self._rows):
            return Strip.blank(width)
        row = self._rows[index]
        if not row.node_id:
            return Strip([Segment(" " + cells.fit(row.text, width - 1), _TITLE)])
        line = self._lines.get(index)
        if line is None:  # just scrolled into sight
            line = self._lines[index] = cells.line(self._site.view(row.node_id))
        here = index == self._cursor
        names = cells.name_text(row, cells.name_width(width))
        texts = cells.column_texts(line.columns)
        segments = [
            Segment("▶" if here else " ", _PLAIN),
            Segment(names, _CURSOR if here else _PLAIN),
            Segment(" ", _PLAIN),
            Segment(texts[0].rstrip(), STYLES.get(line.health, _PLAIN)),
            Segment(" " * (len(texts[0]) - len(texts[0].rstrip())), _PLAIN),
            Segment("".join(texts[1:]), _DEAD if line.health in ("off", "offline") else _PLAIN),
        ]
        return Strip(segments).adjust_cell_length(width)

    def action_move(self, steps: int) -> None:
        """Moves the cursor that many nodes; titles are passed over."""
        nodes = [index for index, row in enumerate(self._rows) if row.node_id]
        place = nodes.index(self._cursor) + steps
        self._put(nodes[min(max(place, 0), len(nodes) - 1)])

    def action_page(self, pages: int) -> None:
        """Moves the cursor a screenful."""
        self.action_move(pages * max(self.size.height - 1, 1))

    def _put(self, index: int) -> None:
        before, self._cursor = self._cursor, index
        self.refresh_line(before)
        self.refresh_line(index)
        top, height = self.scroll_offset.y, self.size.height
        above = index - 1 if index and not self._rows[index - 1].node_id else index  # show the title of a side too
        if above < top:
            self.scroll_to(y=above, animate=False)
        elif index >= top + height:
            self.scroll_to(y=index - height + 1, animate=False)
        self.post_message(self.Selected(self.selected))

    def on_mount(self) -> None:
        """Tells Textual how long the list is."""
        self.virtual_size = Size(self.size.width, len(self._rows))

    def on_resize(self, event: Resize) -> None:
        """Keeps the width of the list that of the screen."""
        self.virtual_size = Size(event.size.width, len(self._rows))

    def on_click(self, event: Click) -> None:
        """A click puts the cursor on a node."""
        index = int(event.y) + self.scroll_offset.y
        if index < len(self._rows) and self._rows[index].node_id:
            self._put(index)
