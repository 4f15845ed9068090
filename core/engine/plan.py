"""What a session is to do, decided before anything is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..job import Job, Options
from ..policies.retry import RetryPolicy
from ..policies.rules.rules import Rules
from ..policies.statuses import RetryOn
from ..policies.stop import MaxFailures
from ..proxies import Proxies
from ..requests.templates import RequestBuilder
from ..secrets.redact import Redactor


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that can be decided, and refused, without touching the disk."""

    options: Options
    builder: RequestBuilder
    redactor: Redactor
    proxies: Proxies
    policy: RetryPolicy
    rules: Rules | None
    """What counts as success; None where the status alone decides."""
    max_failures: MaxFailures | None

    @classmethod
    def of(cls, job: Job, options: Options, environ: Mapping[str, str]) -> Plan:
        """Read templates and options; raises TemplateError or OptionError."""
        builder = RequestBuilder(job.templates, environ)
        proxies = Proxies.of(options, environ)
        return cls(
            options=options,
            builder=builder,
            redactor=Redactor({*builder.secrets, *proxies.secrets}),
            proxies=proxies,
            policy=RetryPolicy(retries=options.retries, retry_on=RetryOn.parse(options.retry_on)),
            rules=Rules.parse(options.ok_if, options.fail_if, options.retry_if, options.stop_if),
            max_failures=MaxFailures.parse(options.max_failures) if options.max_failures else None,
        )
