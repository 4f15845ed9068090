"""Exporting from the dashboard: ask for a file, write it off the loop, and say how it went."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

from textual.app import App

from ...core.errors import FetchdeckError, OptionError
from ...core.export import Choice, ExportStates, check_output, export_run
from ...core.export.output import STDOUT
from ...core.journal.filter import RowFilter
from ...core.journal.records import Cause
from ...core.printable import printable
from ..cells import clip
from ..figures import count
from .chosen_causes import failed_by, named, requests, total
from .prompt import Answer, PromptScreen

_BY_TAB = {
    "succeeded": ExportStates.SUCCEEDED,
    "failed": ExportStates.FAILED,
    "causes": ExportStates.FAILED,
}
_LONGEST_PATH = 4096
"""Characters."""
_WHAT = {
    ExportStates.ALL: "Every row of the run as it stands now",
    ExportStates.SUCCEEDED: "Every row that succeeded",
    ExportStates.FAILED: "Every row that failed or is invalid",
}
_FIT_FILTER = 120
"""Cells of a filter in the dialog: two lines of it."""


class Exports:
    """Runs one export at a time; whatever happens to it, the dashboard goes on."""

    def __init__(self, app: App[object], run_folder: Path) -> None:
        """`app` shows the question and the toast."""
        self._app = app
        self._run_folder = run_folder
        self._busy = False

    def ask(self, tab: str, run_name: str) -> None:
        """Ask where to write what this tab is about."""
        states = _BY_TAB.get(tab, ExportStates.ALL)
        self._ask(Choice(states), _WHAT[states], run_name)

    def ask_shown(self, rows: RowFilter, text: str, run_name: str) -> None:
        """Ask where to write the rows that a tab shows; `text` is the filter as it was typed."""
        self._ask(Choice(rows=rows), f"The rows that “{clip(printable(text), _FIT_FILTER)}” shows", run_name)

    def ask_marked(self, ids: Iterable[int], run_name: str) -> None:
        """Ask where to write these requests."""
        rows = RowFilter(ids=tuple((id_, id_) for id_ in sorted(ids)))
        n = len(rows.ids)
        what = "The marked request" if n == 1 else f"The {count(n)} marked requests"
        self._ask(Choice(rows=rows), what, f"{run_name}-marked")

    def ask_causes(self, causes: Sequence[Cause], run_name: str) -> None:
        """Ask where to write the requests that have failed by these causes."""
        numbers = "-".join(str(cause.id) for cause in causes[:3])
        what = f"The {requests(total(causes))} that failed by {named(causes)}"
        self._ask(Choice(rows=failed_by(causes)), what, f"{run_name}-cause-{numbers}")

    def _ask(self, choice: Choice, what: str, name: str) -> None:
        if self._busy:
            self._app.notify("An export is being written; wait for its end.", markup=False)
            return

        def answered(answer: Answer[Path] | None) -> None:
            if answer is not None:
                self._busy = True
                self._app.run_worker(self._write(answer.value, choice), name="export")

        hint = f"{what}, to a .jsonl or .csv file."
        prompt = PromptScreen("Export", hint, free_name(name), FileName(), longest=_LONGEST_PATH)
        self._app.push_screen(prompt, answered)

    async def _write(self, file: Path, choice: Choice) -> None:
        try:
            rows = await export_run(self._run_folder, file, choice=choice)
        except FetchdeckError as error:
            self._tell(str(error).removeprefix("--output "), failed=True)
        except OSError as error:
            self._tell(f"{file} cannot be written: {error.strerror}.", failed=True)
        except Exception as error:  # an export never takes the dashboard with it
            self._tell(f"The export failed by an internal error: {type(error).__name__}.", failed=True)
        else:
            self._tell(f"Wrote {count(rows)} {'row' if rows == 1 else 'rows'} to {file}.")
        finally:
            self._busy = False

    def _tell(self, sentence: str, *, failed: bool = False) -> None:
        severity = "error" if failed else "information"
        self._app.notify(printable(sentence), severity=severity, markup=False, timeout=8)


class FileName:
    """Understands a typed file name; one that is taken must be given twice, since an export replaces it."""

    def __init__(self) -> None:
        self._warned_of: Path | None = None

    def __call__(self, text: str) -> Path:
        """The file to write; raises OptionError for one that cannot be, or that nobody has agreed to replace."""
        typed = text.strip()
        if not typed or Path(typed) == STDOUT:
            raise OptionError("Type a file name that ends in .jsonl or .csv.")
        if printable(typed) != typed:
            raise OptionError(f"{typed} has characters that no file name should have.")
        try:
            file = Path(typed).expanduser()
            check_output(file)
            taken = file.exists()
        except OptionError as error:
            raise OptionError(str(error).removeprefix("--output ")) from error
        except (OSError, RuntimeError) as error:
            raise OptionError(f"{typed} cannot be written: it is no valid file name.") from error
        if taken and file != self._warned_of:
            self._warned_of = file
            raise OptionError(f"{file} exists. Press enter again to replace it, or type another name.")
        return file


def free_name(run_name: str) -> str:
    """`NAME.jsonl`, or the first of `NAME-2.jsonl`, `NAME-3.jsonl`, … that is not taken in the working directory.

    A run is named after its input: without this, `places.jsonl` would offer to write over itself. Of a name that
    should not be typed the printable form is offered.
    """
    name = printable(run_name)
    names = itertools.chain([f"{name}.jsonl"], (f"{name}-{n}.jsonl" for n in itertools.count(2)))
    return next(name for name in names if not Path(name).exists())
