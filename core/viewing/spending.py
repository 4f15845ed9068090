"""What a run that is only looked at has used up."""

from __future__ import annotations

import json
import sqlite3

from ..engine.spending import META, Purse, Terms
from ..errors import FetchdeckError
from ..model import Counts
from ..policies.cost import Price
from ..policies.quota import Quota
from ..policies.quota_terms import QuotaTerms
from ..snapshot import Spending
from .standing import Settings


def read_kept(db: sqlite3.Connection) -> object:
    """What the journal keeps of the quota; None where there is none."""
    found = db.execute("SELECT value FROM meta WHERE key = ?", (META,)).fetchone()
    return json.loads(found[0]) if found else None


def terms_of(settings: Settings) -> Terms | None:
    """What limits and what counts; None for neither, and for what a newer fetchdeck has written."""
    if not settings.quota and not settings.cost:
        return None
    try:
        return Terms(
            QuotaTerms.parse(settings.quota) if settings.quota else None,
            Price.parse(settings.cost) if settings.cost else None,
            settings.retries + 1,
        )
    except FetchdeckError:
        return None


def spending(terms: Terms, kept: object, attempts: int, counts: Counts) -> Spending:
    """What `attempts` of the run, and those of the quota's period, come to."""
    quota = Quota.from_json(terms.quota, kept) if terms.quota is not None else None
    return Purse(terms, quota, attempts).shown(counts, 0)
