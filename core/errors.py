"""The error tree: everything fetchdeck raises on purpose, each a sentence a user can act on."""


class FetchdeckError(Exception):
    """Root of all deliberate errors; `str()` is a whole sentence that says what, where and what to do."""


class InputError(FetchdeckError):
    """The input cannot be read at all: missing, not a file, of an unknown format."""


class TemplateError(FetchdeckError):
    """A template cannot be used: bad syntax, an unknown column, an unset environment variable."""


class RowError(FetchdeckError):
    """One row cannot become a request; the row is `invalid` and the run goes on."""


class EditError(FetchdeckError):
    """An edited request cannot be sent: a mask that was moved, a secret that is not stored, a request not ended."""


class OptionError(FetchdeckError):
    """An option's value cannot be understood, such as `--rate ten`."""


class RunError(FetchdeckError):
    """The run folder cannot be used: unwritable, of another job, of a newer version, damaged."""


class RunBusyError(RunError):
    """Another process owns the run."""
