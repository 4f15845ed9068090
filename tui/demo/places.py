"""The demo's data: the places of the package, and what a Places API would say of each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from importlib.resources import files
from itertools import islice

import msgspec

_MISSING_ROWS = frozenset({17, 171, 1402, 4988, 9313, 16001, 25750})
"""Rows whose place the server does not know; spread so that short demos meet one too."""
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TYPES = ("locality", "political"), ("administrative_area", "political"), ("locality", "point_of_interest")
_REVIEWS = (
    "Worth a day, more if the weather holds.",
    "The old town is small; the market is the reason to come.",
    "Good trains, better bread.",
    "Crowded in summer. Go in the shoulder season and stay near the station.",
)


class Place(msgspec.Struct, frozen=True):
    """One row of places.csv."""

    id: int
    name: str
    country: str
    latitude: float
    longitude: float
    population: int
    timezone: str


def input_lines(rows: int | None = None) -> Iterator[bytes]:
    """The header and the first `rows` places as lines of CSV, for a demo run's input."""
    lines = files("fetchdeck.tui.data").joinpath("places.csv").read_bytes().splitlines(keepends=True)
    return islice(lines, None if rows is None else rows + 1)


def load() -> dict[int, Place]:
    """All places by their id."""
    text = b"".join(input_lines()).decode()
    records = csv.reader(io.StringIO(text, newline=""))
    next(records)
    return {
        int(number): Place(int(number), name, country, float(lat), float(lon), int(people), zone)
        for number, name, country, lat, lon, people, zone in records
    }


def missing(places: dict[int, Place]) -> frozenset[int]:
    """The ids that are to answer 404."""
    return frozenset(place for row, place in enumerate(places) if row in _MISSING_ROWS)


def answer(place: Place) -> bytes:
    """The JSON body for one place, always the same for the same place, about a kilobyte."""
    mix = place.id * 2654435761 % 2**32
    opens, closes = 7 + mix % 4, 17 + mix // 7 % 5
    half = 0.02 + (mix % 97) / 2000
    lat, lon = place.latitude, place.longitude
    result = {
        "place_id": f"gn-{place.id}",
        "name": place.name,
        "formatted_address": f"{1 + mix % 240} Main Square, {place.name}, {place.country}",
        "geometry": {
            "location": {"lat": lat, "lng": lon},
            "viewport": {
                "northeast": {"lat": round(lat + half, 5), "lng": round(lon + half, 5)},
                "southwest": {"lat": round(lat - half, 5), "lng": round(lon - half, 5)},
            },
        },
        "population": place.population,
        "timezone": place.timezone,
        "types": _TYPES[mix % len(_TYPES)],
        "rating": round(3 + mix % 21 / 10, 1),
        "user_ratings_total": 12 + mix % 4800,
        "opening_hours": {"weekday_text": [f"{day}: {opens:02}:00 – {closes:02}:00" for day in _DAYS]},
        "reviews": [
            {
                "rating": 3 + (mix + n) % 3,
                "time": 1_700_000_000 + mix % 40_000_000,
                "text": _REVIEWS[(mix + n) % 4],
            }
            for n in range(3)
        ],
        "url": f"https://www.geonames.org/{place.id}",
    }
    return msgspec.json.encode({"html_attributions": [], "result": result, "status": "OK"})
