"""Switches for long checks."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.support.fault_runs")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run long checks")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="a long check; --slow runs it")
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(skip)
