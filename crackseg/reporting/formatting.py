"""Text in Markdown."""

import re


def literal(text: str) -> str:
    """Escapes what Markdown would take for its own; underscores only where a word ends."""
    marks = r"[\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_])"
    return re.sub(marks, r"\\\g<0>", " ".join(text.splitlines()))
