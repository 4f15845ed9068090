"""What is said where the journal, or the file of a body, cannot be read."""

from __future__ import annotations

from ..core.printable import printable


def unreadable(error: Exception) -> str:
    """A sentence with the reason and what to do next; printable."""
    reason = str(error).rstrip(".") or type(error).__name__
    return printable(
        f"The journal cannot be read: {reason}. If it stays so, check the disk that holds the run."
    )


def body_unreadable(error: OSError, name: str = "The body") -> str:
    """The same of a body that is kept in a file of the run folder."""
    return printable(f"{name} cannot be read: {error.strerror}. Send the request again to fetch it anew.")
