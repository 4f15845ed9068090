"""What a session is to do, decided before anything is touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from ..errors import OptionError
from ..job import Job, Options
from ..policies.cost import Price
from ..policies.governor import Bounds
from ..policies.quota_terms import QuotaTerms
from ..policies.retry import RetryPolicy
from ..policies.statuses import RetryOn
from ..policies.stop import MaxFailures, StopOn
from ..proxies import Proxies
from ..requests.templates import RequestBuilder
from ..secrets.redact import Redactor
from .spending import Terms

if TYPE_CHECKING:
    from ..policies.rules.rules import Rules


class Plan(Struct, frozen=True):
    """Everything that can be decided, and refused, without touching the disk."""

    options: Options
    builder: RequestBuilder
    redactor: Redactor
    proxies: Proxies
    policy: RetryPolicy
    rules: Rules | None
    """What counts as success; None where the status alone decides."""
    max_failures: MaxFailures | None
    stop_on: StopOn | None
    spending: Terms
    bounds: Bounds
    """Of the automatic limit of each host."""

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
            rules=_rules(options),
            max_failures=MaxFailures.parse(options.max_failures) if options.max_failures else None,
            stop_on=StopOn.parse(options.stop_on) if options.stop_on else None,
            spending=Terms(
                QuotaTerms.parse(options.quota) if options.quota else None,
                Price.parse(options.cost) if options.cost else None,
                options.retries + 1,
            ),
            bounds=_bounds(options),
        )


def _rules(options: Options) -> Rules | None:
    if not (options.ok_if or options.fail_if or options.retry_if or options.stop_if):
        return None
    # Not at the top: it loads jmespath and regex, and few runs have rules.
    from ..policies.rules import rules

    return rules.Rules.parse(options.ok_if, options.fail_if, options.retry_if, options.stop_if)


def _bounds(options: Options) -> Bounds:
    most = min(options.auto_max, options.per_host or options.auto_max)
    if options.auto_min > most:
        raise OptionError(
            f"--auto-min {options.auto_min} is more than a host may have in flight ({most}: --auto-max, --per-host)."
        )
    return Bounds(options.auto_min, most)
