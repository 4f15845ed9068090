"""Inputs of the cases: distinct URLs, or rows of a table."""

from __future__ import annotations

from pathlib import Path


def write_urls(path: Path, url: str, rows: int) -> Path:
    """A URL a line, `url` with the row's number behind it."""
    with path.open("w") as file:
        file.writelines(f"{url}/{n}\n" for n in range(rows))
    return path


def write_places(path: Path, rows: int) -> Path:
    """A CSV of places, as somebody would have them from elsewhere."""
    with path.open("w") as file:
        file.write("placeid,name,latitude,longitude\n")
        file.writelines(
            f"{n},Place {n},{n % 180 - 90}.{n % 997:03d},{n % 360 - 180}.{n % 991:03d}\n" for n in range(rows)
        )
    return path
