"""Text of a router on a terminal: what a router holds may be anything, also what a terminal would obey."""


def printable(text: str) -> str:
    """One line with every character that is not printable written as its escape."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
