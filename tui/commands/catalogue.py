"""Every command once: its keys, footer hint, palette entry and line of help all derive from `COMMANDS`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.binding import Binding, BindingType

from .declaration import Command, Group, Scope


def _run(id_: str, keys: str, title: str, help_: str, group: Group, action: str, **more: Any) -> Command:
    return Command(f"run.{id_}", keys, title, help_, group, Scope.RUN, action, **more)


def _table(id_: str, keys: str, title: str, help_: str, group: Group, action: str, **more: Any) -> Command:
    return Command(f"table.{id_}", keys, title, help_, group, Scope.TABLE, action, **more)


def _rows(id_: str, keys: str, title: str, help_: str, group: Group, action: str, **more: Any) -> Command:
    return Command(f"rows.{id_}", keys, title, help_, group, Scope.ROWS, action, **more)


COMMANDS: tuple[Command, ...] = (
    _run(
        "pause", "p", "Pause or resume", "Pause (those in flight go on to their end), or resume.",
        Group.RUN, "toggle_pause", rank=1, hint="pause", paused_hint="resume",
    ),
    _run("question", "o", "Show the question", "Show what the paused run asks: its first replies, or new credentials.",
         Group.RUN, "show_question", rank=0, hint="question"),
    _rows(
        "retry", "r", "Retry chosen rows", "Queue the marked rows again, or the selected row or cause.",
        Group.RUN, "retry", rank=2, hint="retry",
    ),
    _rows(
        "retry_all", "R", "Retry every failure in view", "Queue every failure again, or all that the filter shows.",
        Group.RUN, "retry_all", rank=7, hint="retry all",
    ),
    _rows(
        "cancel", "x", "Cancel or skip chosen rows", "Cancel the chosen requests in flight, skip queued ones.",
        Group.RUN, "cancel", rank=2, hint="cancel",
    ),
    _run("leave", "q,ctrl+q", "Leave", "Leave: drain and save, or at once; always resumable.",
         Group.RUN, "leave", hint="leave", rank=1, pinned=True, harmless=True),
    _run("up", "plus,equals_sign", "Concurrency up", "Concurrency up by a tenth, by 1 at least.",
         Group.SPEED, "concurrency_up", rank=5, hint="faster"),
    _run("down", "minus", "Concurrency down", "Concurrency down by a tenth; nothing is cancelled.",
         Group.SPEED, "concurrency_down", rank=5, hint="slower"),
    _run("double", "right_square_bracket", "Concurrency × 2", "Double the concurrency.",
         Group.SPEED, "concurrency_double"),
    _run("halve", "left_square_bracket", "Concurrency ÷ 2", "Halve the concurrency.",
         Group.SPEED, "concurrency_halve"),
    _run("concurrency", "c", "Set concurrency…", "Type a concurrency.", Group.SPEED, "ask_concurrency"),
    _run("rate", "l", "Set rate limit…", "Type a rate limit: 10/s, 600/m, 5000/h; empty for none.",
         Group.SPEED, "ask_rate", rank=11, hint="rate limit"),
    _run("rate_down", "less_than_sign", "Rate limit down",
         "Rate limit down by a tenth; without one, to a tenth less than now.", Group.SPEED, "rate_down"),
    _run("rate_up", "greater_than_sign", "Rate limit up", "Rate limit up by a tenth.", Group.SPEED, "rate_up"),
    _run("abort", "b", "Abort those in flight",
         "While the run is paused: break off those in flight and queue them again, charging nothing.",
         Group.RUN, "abort_in_flight", rank=0, hint="abort"),
    _run("auto", "a", "Governor on or off",
         "Find each host's limit automatically, or keep it; setting the concurrency turns this off.",
         Group.SPEED, "toggle_auto", rank=8, hint="auto"),
    _table("open", "enter", "Inspect the row", "Show the request: attempts, timing, headers, body.",
           Group.ROWS, "open", rank=3, hint="inspect"),
    _table("mark", "space", "Mark the row", "Mark the row, or take its mark away, and go on to the next.",
           Group.ROWS, "mark", rank=6, hint="mark"),
    _table("retry_at", "C", "Retry causes at another concurrency…",
           "Set the concurrency, then queue the failures of the chosen causes again.",
           Group.RUN, "retry_at", rank=4, hint="retry at"),
    _table("skip_causes", "X", "Skip causes…", "Have the failures of the chosen causes count as skipped; asks first.",
           Group.RUN, "skip_causes", rank=4, hint="skip"),
    _table("details", "d", "Show the cause in full", "A cause with its trend, hosts, and a sample.",
           Group.ROWS, "details", rank=6, hint="details"),
    _table("mark_range", "V", "Mark a range", "Mark from the last mark to the cursor; so do shift+up, shift+down.",
           Group.ROWS, "mark_range"),
    _table("mark_all", "asterisk", "Mark all rows", "Mark every row that this tab shows under its filter, or none.",
           Group.ROWS, "mark_all"),
    _table("sort", "s", "Sort rows…", "Choose a column: its order first, then the other way round, then as they come.",
           Group.ROWS, "sort", rank=7, hint="sort"),
    _table("reverse", "S", "Sort the other way round", "Sort the other way round.", Group.ROWS, "reverse"),
    _table("columns", "v", "Choose columns…", "Choose which columns this tab shows, and their order.",
           Group.ROWS, "columns", rank=13, hint="columns"),
    _rows("curl", "y", "Copy as curl", "Copy the request as a curl command, secrets masked.",
          Group.ROWS, "copy_curl", rank=10, hint="copy curl"),
    _rows("filter", "slash", "Filter rows…", "Show only the rows that match.",
          Group.ROWS, "filter", rank=4, hint="filter"),
    _rows("export", "e", "Export rows…", "Write the rows of this tab, of its filter or of the chosen causes to a file.",
          Group.ROWS, "export", rank=12, hint="export"),
    _rows("clear", "escape", "Clear the filter and marks", "Take the filter of this tab and all marks away.",
          Group.ROWS, "clear"),
    _rows("tab_in_flight", "1", "Show requests in flight", "Requests that hold a slot.",
          Group.VIEW, "show_tab('in-flight')"),
    _rows("tab_succeeded", "2", "Show succeeded requests", "Requests that succeeded.",
          Group.VIEW, "show_tab('succeeded')"),
    _rows("tab_failed", "3", "Show failed requests", "Requests that failed, were skipped or are invalid.",
          Group.VIEW, "show_tab('failed')"),
    _rows("tab_causes", "4", "Show failures by cause", "Failures by cause; enter shows a cause's rows.",
          Group.VIEW, "show_tab('causes')"),
    _rows("tab_hosts", "5", "Show hosts", "Hosts and how they answer; enter shows a host's rows.",
          Group.VIEW, "show_tab('hosts')"),
    _rows("tab_events", "6", "Show events", "What has happened to the run; enter shows an event in full.",
          Group.VIEW, "show_tab('events')"),
    _rows("zoom_out", "z", "Charts: look farther back", "Charts over more time: up to the whole run.",
          Group.VIEW, "deck('zoom_out')"),
    _rows("zoom_in", "Z", "Charts: look less far back", "Charts over less time: down to the last minute.",
          Group.VIEW, "deck('zoom_in')"),
    _rows("histogram", "h", "Latency histogram", "Latency over time, or as a histogram.",
          Group.VIEW, "deck('histogram')"),
    _rows("charts", "m", "Next charts", "Charts of throughput, latency, in flight and errors in turn.",
          Group.VIEW, "deck('next')"),
    _run("help", "question_mark", "Help", "This help.", Group.VIEW, "show_help",
         hint="help", pinned=True),
    _run("theme", "t", "Next theme", "Dark, light, high contrast: the next one. It is remembered.",
         Group.VIEW, "next_theme"),
    _run("themes", "", "Choose a theme…", "Choose among all themes. The choice is remembered.",
         Group.VIEW, "change_theme"),
    Command(
        "run.interrupt", "ctrl+c", "Leave, insisting", "Leave like q; a second time, leave at once.",
        Group.RUN, Scope.RUN, "interrupt", priority=True, harmless=True,
    ),
    Command(
        "run.suspend", "ctrl+z", "Stop the program", "Stop and give the shell its terminal; 'fg' or 'bg' goes on.",
        Group.RUN, Scope.RUN, "suspend_process", priority=True, harmless=True,
    ),
)  # fmt: skip


def bindings(*scopes: Scope) -> list[BindingType]:
    """The key bindings that the node which takes the commands of these scopes declares."""
    return [
        Binding(
            command.keys or command.no_key,
            command.scoped_action.removeprefix(f"{scopes[0].value}."),
            command.title,
            show=bool(command.hint),
            priority=command.priority,
            id=command.id,
        )
        for command in COMMANDS
        if command.scope in scopes
    ]


def offered(*, read_only: bool) -> tuple[Command, ...]:
    """The commands that a user is told of; those that change a run are not where it is only looked at."""
    return tuple(command for command in COMMANDS if not (read_only and command.changes_run))


def command_of(id_: str) -> Command:
    """The command of this name."""
    return next(command for command in COMMANDS if command.id == id_)


def by_group(*, read_only: bool = False) -> Iterator[tuple[Group, tuple[Command, ...]]]:
    """The commands under their headings, for the help."""
    for group in Group:
        found = tuple(command for command in offered(read_only=read_only) if command.group is group)
        if found:
            yield group, found


def tooltip_of(action: str) -> str:
    """What the command with this action, with its namespace, does; empty for none."""
    command = next((command for command in COMMANDS if action and command.scoped_action == action), None)
    return command.help if command is not None else ""
