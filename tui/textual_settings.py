"""Settings that Textual reads from the environment while it is imported: import this module before it.

After a paint the next one may wait two frame periods, so at the usual 60 frames a second a key waits up to
33 ms; at 120 it is half of that, and an idle screen costs the same.
"""

from __future__ import annotations

import os

os.environ.setdefault("TEXTUAL_FPS", "120")
