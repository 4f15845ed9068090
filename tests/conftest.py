"""Switches for long checks, and the signals that programs under test begin with."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is.
settings.register_profile("fetchdeck", deadline=None)
settings.load_profile("fetchdeck")

pytest.register_assert_rewrite("tests.support.fault_runs")

# A shell starts what runs in the background with SIGINT ignored, and nohup with SIGHUP; programs would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def nobodys_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whoever runs the tests may have settings of their own; programs under test inherit these instead."""
    os.environ["FETCHDECK_CONFIG"] = os.devnull
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run long checks")


def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are processors: tests wait for servers, disks and screens, too."""
    processors = os.cpu_count() or 1
    return processors + processors // 2


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="a long check; --slow runs it")
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(skip)
