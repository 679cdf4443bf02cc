"""The two small windows of the live view: the help, and a choice of words."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

from winter_river.ui.keys import help_text

_BOX = """
    align: center middle;
    & > * { width: auto; max-width: 90%; height: auto; max-height: 90%; border: solid; padding: 0 1; }
    & Static { width: auto; }
"""


class Help(ModalScreen[None]):
    """Every key in one window; any of ?, q, Escape and Enter closes it."""

    DEFAULT_CSS = f"Help {{ {_BOX} }}"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter", "dismiss(None)")]

    def compose(self) -> ComposeResult:
        """The window."""
        with VerticalScroll():
            yield Static(help_text(), markup=False)


class Choice(ModalScreen[str | None]):
    """One word out of a few; Escape chooses none."""

    DEFAULT_CSS = f"Choice {{ {_BOX} }}"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss(None)")]

    def __init__(self, title: str, words: Sequence[str]) -> None:
        super().__init__()
        self._title = title
        self._words = tuple(words)

    def compose(self) -> ComposeResult:
        """The window."""
        options = OptionList(*self._words, markup=False)
        options.border_title = self._title
        options.styles.min_width = len(self._title) + 6
        yield options

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """The chosen word closes the window."""
        self.dismiss(self._words[event.option_index])
