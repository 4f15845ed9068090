"""The config file: what it sets, what is wrong with it, and that it never stops anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from fetchdeck.tui.app import FetchdeckApp
from fetchdeck.tui.cli import cli
from fetchdeck.tui.commands.catalogue import COMMANDS
from fetchdeck.tui.commands.key_names import KeyNameError, parse_key, shown_key
from fetchdeck.tui.commands.keymap import DEFAULT
from fetchdeck.tui.screens.tabs import Listed, tabs_of
from fetchdeck.tui.settings.config_file import TABLES, Config, Read, read_config
from fetchdeck.tui.settings.places import config_path, remembered_path
from fetchdeck.tui.settings.preferences import Preferences, fixed_keys
from fetchdeck.tui.settings.remembered import Remembered, read_remembered
from fetchdeck.tui.settings.template import config_template
from fetchdeck.tui.theme import DARK, HIGH_CONTRAST, LIGHT, names
from hypothesis import given
from hypothesis import strategies as st

from ..support.scripted_engine import rows, running, scripted, seen


def read(folder: Path, text: str) -> Read:
    path = folder / "config.toml"
    path.write_text(text)
    return read_config(path, themes=names(), fixed_keys=fixed_keys())


def told(folder: Path, text: str) -> list[str]:
    wrong = read(folder, text).wrong
    return [] if wrong is None else [line.removeprefix(f"{folder / 'config.toml'}:") for line in wrong.lines]


def test_it_is_where_the_platform_has_such_files_or_where_a_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert config_path({}) == tmp_path / "config/fetchdeck/config.toml"
    assert remembered_path() == tmp_path / "state/fetchdeck/dashboard.json"
    assert config_path({"FETCHDECK_CONFIG": "other.toml"}) == Path("other.toml")


def test_the_template_reads_back_as_the_defaults_commented_or_not(tmp_path: Path) -> None:
    text = config_template()
    assert read(tmp_path, text) == Read(Config())
    bare = read(tmp_path, re.sub(r'^#(?=["\w])', "", text, flags=re.MULTILINE))
    assert bare.wrong is None
    assert bare.config.theme == DARK.name
    assert all(bare.config.keymap.keys_of(one.id) == DEFAULT.keys_of(one.id) for one in COMMANDS)


def test_everything_it_may_say(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        """
        theme = "high-contrast"
        reduced_motion = true
        [keys]
        "run.pause" = ["f5", "u"]
        run.rate = "ctrl+l"
        "run.auto" = []
        [columns]
        failed = ["id", "url"]
        """,
    ).config
    assert config.theme == HIGH_CONTRAST.name
    assert config.reduced_motion
    assert config.keymap.keys_of("run.pause") == ("f5", "u")
    assert config.keymap.shown("run.rate") == "ctrl+l"
    assert config.keymap.all_shown("run.auto") == ()
    assert config.columns == {"failed": ("id", "url")}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("theme = 3", "1: theme wants a text, not a number."),
        ('theme = "drak"', "1: theme 'drak' is none that there is. Did you mean 'dark'?"),
        ('\nreduced_motion = "yes"', "2: reduced_motion wants true or false, not a text."),
        ("concurrency = 3", "1: there is no setting 'concurrency'. There are theme, reduced_motion, keys"),
        ('[keys]\n"run.paus" = "u"', "2: run.paus is no command. Did you mean 'run.pause'?"),
        ('[keys]\nrun.paus = "u"', "2: run.paus is no command. Did you mean 'run.pause'?"),
        ('[keys]\npause = "u"', "2: pause is no command. Did you mean 'run.pause'?"),
        ('[keys]\n"run.pause" = "Enter"', "2: run.pause has the key 'Enter', which is none. Did you mean"),
        ('[keys]\n"run.pause" = "x"', "2: run.pause cannot have 'x', the key of rows.cancel (Cancel or"),
        ('[keys]\n"run.pause" = "j"', "2: run.pause cannot have 'j': it means 'down' in tables."),
        ('[keys]\n"run.pause" = "ctrl+p"', "2: run.pause cannot have 'ctrl+p': it opens the palette."),
        ('[keys]\n"run.pause" = "ctrl+i"', "2: run.pause has the key 'ctrl+i', which terminals do not tell"),
        ('[keys]\n"run.pause" = "shift+p"', "2: run.pause has the key 'shift+p', which terminals send as"),
        ('[keys]\n"run.interrupt" = "i"', "2: run.interrupt works while you type too, so 'i' could not be"),
        ('[keys]\n"run.pause" = 3', "2: run.pause wants a key as a text, or a list of such."),
        ('keys = "p"', "1: keys wants a table of commands with their keys, not a text."),
        ("[columns]\nfailures = []", "2: there is no table 'failures', but in-flight, succeeded,"),
        ('[columns]\nfailed = "id"', "2: failed wants a list of the names of columns."),
        ("theme = ", "1: this is no TOML: Invalid value"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_passed_over(tmp_path: Path, text: str, sentence: str) -> None:
    [line] = told(tmp_path, text)
    assert line.startswith(sentence)
    assert read(tmp_path, text).config == Config(columns={})


def test_two_commands_may_change_their_keys_but_not_share_one(tmp_path: Path) -> None:
    swapped = read(tmp_path, '[keys]\n"run.pause" = "x"\n"rows.cancel" = "p"')
    assert swapped.wrong is None
    assert swapped.config.keymap.shown("run.pause") == "x"
    [line] = told(tmp_path, '[keys]\n"run.pause" = "f5"\n"rows.cancel" = "f5"')
    assert line.startswith("3: rows.cancel cannot have 'f5', the key of run.pause")


@given(st.one_of(st.text(max_size=12), st.text("ctrl+alshifp5?,", max_size=9)))
def test_whatever_is_written_as_a_key_is_one_or_told_to_be_none(text: str) -> None:
    try:
        key = parse_key(text)
    except KeyNameError:
        return
    assert key
    assert "," not in key
    if not text.isascii():
        # Textual names such a character as Unicode does but for hyphens: not every name can be read back.
        return
    assert (
        parse_key(shown_key(key) if len(shown_key(key)) == 1 and shown_key(key) not in "↑↓←→" else key) == key
    )


async def test_the_dashboard_works_by_the_keys_of_its_user_and_shows_them(tmp_path: Path) -> None:
    keys = '[keys]\n"run.pause" = "x"\n"rows.cancel" = "p"\n"run.help" = "f1"\n"rows.filter" = "comma"\n'
    preferences = Preferences(read(tmp_path, keys + '"run.themes" = "f2"'))
    engine = scripted(tmp_path, rows(), obeys=True)
    async with (app := FetchdeckApp(engine, preferences=preferences)).run_test(size=(120, 40)) as pilot:
        assert "x pause" in seen(app)
        assert "p cancel" in seen(app)
        assert "f1 help" in seen(app)
        await pilot.press("x", "p")
        assert engine.commands == [("pause",), ("cancel", (5496,))]
        await pilot.press("question_mark")
        assert len(app.screen_stack) == 1
        await pilot.press("f1")
        assert "x          Pause (those" in seen(app)
        await pilot.press("escape", "3", "comma")
        assert app.focused is not None
        assert app.focused.id is None
        await pilot.press("escape", "f2")
        assert len(app.screen_stack) == 2


async def test_a_broken_config_is_one_warning_and_the_defaults(tmp_path: Path) -> None:
    preferences = Preferences(read(tmp_path, 'theme = "x"\nmotion = 1'))
    app = FetchdeckApp(scripted(tmp_path, now=running()), preferences=preferences)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        while "(1 more.)" not in " ".join(seen(app).split()):
            await pilot.pause(0.01)
        assert app.theme == DARK.name


async def test_the_theme_chosen_last_is_there_the_next_time(tmp_path: Path) -> None:
    kept = tmp_path / "state/dashboard.json"
    engine = scripted(tmp_path)
    async with (app := FetchdeckApp(engine, preferences=Preferences(kept_in=kept))).run_test() as pilot:
        assert app.theme == DARK.name
        await pilot.press("t")
        assert app.theme == LIGHT.name
    assert FetchdeckApp(engine, preferences=Preferences(kept_in=kept)).theme == LIGHT.name
    fixed = Preferences(Read(Config(theme="nord")), kept)
    assert fixed.theme == "nord"
    assert "the config file sets theme to nord" in fixed.save_theme(DARK.name)


def test_columns_are_remembered_by_table_beside_what_another_dashboard_has_kept(tmp_path: Path) -> None:
    kept = tmp_path / "new/dashboard.json"
    one, other = Preferences(kept_in=kept), Preferences(kept_in=kept)
    assert one.columns("failed") == ()
    assert one.save_columns("failed", ("id", "url")) == ""
    assert other.save_columns("hosts", ("host",)) == ""
    assert other.save_theme("nord") == ""
    again = Preferences(kept_in=kept)
    assert (again.columns("failed"), again.columns("hosts"), again.theme) == (
        ("id", "url"),
        ("host",),
        "nord",
    )
    assert again.save_columns("failed", ()) == ""
    assert read_remembered(kept).columns == {"hosts": ("host",)}
    config = Preferences(Read(Config(columns={"failed": ("id",)})), kept)
    assert "the config file sets others" in config.save_columns("failed", ("url",))
    assert config.columns("failed") == ("id",)


def test_choices_that_cannot_be_kept_hold_until_the_end_and_damage_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    preferences = Preferences(kept_in=tmp_path / "file/dashboard.json")
    assert "cannot be written (" in preferences.save_columns("failed", ("id",))
    assert preferences.columns("failed") == ("id",)
    (tmp_path / "damaged.json").write_text('{"theme": [')
    assert read_remembered(tmp_path / "damaged.json") == Remembered()


def test_the_tables_of_the_config_are_the_tabs() -> None:
    assert tuple(tab.id for tab in tabs_of(running(), Listed(0, 0, 0), ())) == TABLES


def test_the_command_tells_where_it_is_writes_it_and_checks_it(tmp_path: Path) -> None:
    path = tmp_path / "deep/config.toml"

    def config(*arguments: str) -> tuple[int, str, str]:
        result = CliRunner(env={"FETCHDECK_CONFIG": str(path)}).invoke(cli, ["config", *arguments])
        return result.exit_code, result.stdout, result.stderr

    assert config() == (
        0, f"{path}\n", "There is no such file yet; 'fetchdeck config --init' writes one.\n",
    )  # fmt: skip
    assert config("--init") == (0, f"{path}\n", "")
    code, _, sentence = config("--init")
    assert (code, sentence) == (
        2, f"fetchdeck: {path} is there already, and is left as it is. Edit it, or move it away.\n",
    )  # fmt: skip
    path.write_text('[keys]\n"run.pause" = "f5"')
    _, table, _ = config("--keys")
    assert re.search(r"^run.pause +f5 +Pause or resume$", table, re.MULTILINE)
    path.write_text("theme = 1")
    assert config() == (2, f"{path}\n", f"fetchdeck: {path}:1: theme wants a text, not a number.\n")
