"""A stored request as it is shown: rendered by masked templates over a masked row, in an environment of masks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import FetchdeckError
from ..job import Templates
from ..model import Headers
from ..secrets.sealing import unseal
from ..secrets.values import MASK
from .templates import RequestBuilder


class _MaskedEnvironment(Mapping[str, str]):
    """An environment in which every variable is set, and none tells its value."""

    def __getitem__(self, name: str) -> str:
        return MASK

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def stored_templates(fields: Mapping[str, Any]) -> Templates:
    """The masked templates as the journal keeps them."""
    return Templates(
        url=fields["url"],
        method=fields["method"],
        headers=tuple((name, value) for name, value in fields["headers"]),
        data=fields["data"],
        json=fields["json"],
    )


def shown_request(
    templates: Templates, request: int, line: int, row: str, spec: str | None
) -> tuple[Headers, bytes | None]:
    """Headers and body of a stored request, secrets masked; `templates` are masked ones."""
    try:
        sent = RequestBuilder(templates, _MaskedEnvironment()).build(unseal(request, line, row, spec))
    except FetchdeckError:
        # A masked value may not fit where the real one did, in a host name say; what was stored still holds.
        return spec_request(spec)
    return sent.headers, sent.body


def spec_request(spec: str | None) -> tuple[Headers, bytes | None]:
    """Headers and body that a row itself gave its request, secrets masked."""
    told: dict[str, Any] = json.loads(spec) if spec else {}
    headers = tuple((str(name), str(value)) for name, value in told.get("headers") or ())
    return headers, told["body"].encode() if told.get("body") is not None else None
