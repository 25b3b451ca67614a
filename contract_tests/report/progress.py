"""The progress line of a run on a terminal; silent where there is none."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import (
    Progress as Bar,
)
from rich.text import Text

from contract_tests.report.bodies import visible

_LONGEST = 48


class Progress:
    """Shows how many tests are done and which came last.

    The line appears with `start` and is gone after `stop`, so nothing of it stays above the verdict. It goes
    to the stream the console has when this is made: pytest's own output may be sent elsewhere meanwhile.
    Every method may be called at any time; where the console is no terminal they do nothing.
    """

    def __init__(self, console: Console) -> None:
        self._console = Console(
            file=console.file,
            force_terminal=console.is_terminal,
            width=console.width,
            no_color=console.no_color,
            color_system="auto" if console.color_system else None,
        )
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def start(self, total: int | None) -> None:
        """Show the line. `total` is the number of tests; None as long as it is not known."""
        if not self._console.is_terminal:
            return
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, total=total)
            return
        self._bar = Bar(
            SpinnerColumn(),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[last]}", markup=False),
            console=self._console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            refresh_per_second=8,
        )
        self._task = self._bar.add_task("", total=total, last="starting")
        self._bar.start()

    def advance(self, test: str, *requirements: str) -> None:
        """One test is done; the line names the requirements it judged, or else the test."""
        if self._bar is None or self._task is None:
            return
        label = Text(visible(", ".join(requirements) or test.rpartition("::")[2]))
        label.truncate(_LONGEST, overflow="ellipsis")
        self._bar.update(self._task, advance=1, last=label.plain)

    def stop(self) -> None:
        """Remove the line."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
            self._task = None
