"""The reply that every case asks for: a JSON object of exactly 932 octets."""

from __future__ import annotations

SIZE = 932
_HEAD, _TAIL = '{"place":"', '","status":"OK"}'
BODY = _HEAD + "x" * (SIZE - len(_HEAD) - len(_TAIL)) + _TAIL
