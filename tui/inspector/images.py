"""What the first octets of a picture tell of it."""

from __future__ import annotations

import struct


def image_facts(head: bytes) -> str:
    """The format and size of a picture, such as `PNG, 640×480`; empty for what is none that is known."""
    if head.startswith(b"\x89PNG\r\n\x1a\n") and len(head) >= 24:
        return _named("PNG", *struct.unpack(">II", head[16:24]))
    if head.startswith((b"GIF87a", b"GIF89a")) and len(head) >= 10:
        return _named("GIF", *struct.unpack("<HH", head[6:10]))
    if head.startswith(b"BM") and len(head) >= 26:
        width, height = struct.unpack("<ii", head[18:26])
        return _named("BMP", width, abs(height))
    if head.startswith(b"\xff\xd8"):
        return _jpeg(head)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    return ""


def _named(name: str, width: int, height: int) -> str:
    return f"{name}, {width}×{height}"


def _jpeg(head: bytes) -> str:
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return _named("JPEG", width, height)
        at += 2 + max(2, length)
    return "JPEG"
