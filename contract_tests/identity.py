"""What tells runs apart: the tag in every name a run gives, and the seed of its random choices."""

from __future__ import annotations

import secrets

TAG_PREFIX = "contract-"


def new_tag() -> str:
    """A tag such as `contract-3f9a1c`: unlikely to be anybody else's, short enough for a name."""
    return TAG_PREFIX + secrets.token_hex(3)


def new_seed() -> int:
    """A seed to repeat the run with; nine digits are easily copied."""
    return secrets.randbelow(10**9)
