"""The run folder: which file is what, and the permissions that keep it private."""

from __future__ import annotations

import shutil
from pathlib import Path

from msgspec import Struct

from ..errors import RunError


class RunFolder(Struct, frozen=True):
    """Paths inside one run's folder."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> RunFolder:
        """The folder by its absolute path, so that a later change of directory does no harm."""
        return cls(path.absolute())

    @property
    def journal(self) -> Path:
        """The SQLite journal."""
        return self.path / "journal.sqlite"

    @property
    def bodies(self) -> Path:
        """Bodies too large for the journal."""
        return self.path / "bodies"

    @property
    def log(self) -> Path:
        """What happened, secrets redacted."""
        return self.path / "fetchdeck.log"

    @property
    def lock(self) -> Path:
        """Locked by the process that owns the run."""
        return self.path / "lock"

    @property
    def has_run(self) -> bool:
        """Whether a run has been started here."""
        return self.journal.exists()

    def create(self) -> None:
        """Make the folder, mode 0700; one that is there is left as it is, since others may share it on purpose.

        Raises RunError where that cannot be, and where a link would have the run's files written elsewhere.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(
                f"The run folder {self.path} cannot be used: {error.strerror}. Choose another with --run DIR."
            ) from error
        for file in (*self._database, self.log, self.lock, self.bodies):
            if file.is_symlink():
                raise RunError(
                    f"{file} is a symbolic link. A run writes to its own folder alone: "
                    "remove the link, or make the whole run folder one."
                )

    @property
    def _database(self) -> tuple[Path, ...]:
        return tuple(self.journal.with_name(self.journal.name + suffix) for suffix in ("", "-wal", "-shm"))

    def body(self, stored: str) -> Path | None:
        """The file of a body by the path that the journal has; None for one that leads out of `bodies/`."""
        path = self.path / stored
        return path if path.is_relative_to(self.bodies) and ".." not in path.parts else None

    def discard_run(self) -> None:
        """Delete what a run has left here; the lock stays, because its holder calls this."""
        for file in self._database:
            file.unlink(missing_ok=True)
        self.log.unlink(missing_ok=True)
        if self.bodies.is_dir():
            shutil.rmtree(self.bodies)


def body_name(request: int, attempt: int) -> str:
    """The name of a body file below `bodies/`, a thousand requests to a folder; never a server's choice."""
    return f"{request // 1000:05d}/{request}-{attempt}"
