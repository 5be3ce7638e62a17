"""Where things lie: downloads in the user's cache, databases in the checkout."""

import hashlib
import os
from pathlib import Path

NAME = "internal_customer"
CHECKOUT = Path(__file__).resolve().parent.parent
STATE = CHECKOUT / ".dev"
LOGS = STATE / "log"
_CACHE_HOME = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
CACHE = Path(_CACHE_HOME) / NAME


def digest(*parts: object) -> str:
    """Return a short name for ``parts``: another input, another name.

    >>> digest("a", 1) == digest("a", 1) != digest("a", 2)
    True
    """
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:12]
