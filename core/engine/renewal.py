"""Going on with new credentials in the place of those that a server does not take any more."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import Headers
from ..requests.templates import RequestBuilder
from ..secrets.redact import Redactor
from .credentials import CredentialWatch
from .scheduler import Scheduler


class Renewal:
    """Puts new credentials in the place of old ones while the run goes on."""

    def __init__(
        self, builder: RequestBuilder, redactor: Redactor, scheduler: Scheduler, watch: CredentialWatch
    ) -> None:
        """All parts are the run's own, and shared."""
        self._builder = builder
        self._redactor = redactor
        self._scheduler = scheduler
        self._watch = watch

    def renew(self, headers: Headers, environ: Mapping[str, str]) -> None:
        """Send these from now on, also in requests that were made already; they are secrets, whatever their names.

        Raises TemplateError for a header that cannot be sent.
        """
        self._redactor.learn({*(value for _, value in headers), *environ.values()})
        self._builder.renew(headers, environ)
        self._watch.renew()
        self._scheduler.rebuild()
