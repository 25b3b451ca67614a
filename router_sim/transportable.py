"""Text that can stand on the wire: UTF-8, with the escapes U+DC80 to U+DCFF for bytes that are none.

JSON can name any other half of a surrogate pair as well, and no sequence of bytes stands for one of those.
"""

from __future__ import annotations

import json

NOT_TRANSPORTABLE = "a text has half of a surrogate pair in it, and no bytes stand for that"


def transportable(text: str) -> bool:
    """Can the text be sent, and be told from every other?"""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def all_transportable(value: object) -> bool:
    """Can all texts of a value that came as JSON?"""
    return transportable(json.dumps(value, ensure_ascii=False))
