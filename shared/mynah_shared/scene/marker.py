"""What a marker of a long recording says: who speaks from there, and which line."""

from __future__ import annotations


def read_marker(name: str) -> tuple[str, str]:
    """Speaker and line of "Anna: line name"; the line is empty for "Anna". Both are empty for a
    marker without letters, such as "-", which ends a line and begins none."""
    speaker, _colon, said = (part.strip() for part in name.partition(":"))
    has_letters = any(sign.isalnum() for sign in speaker)
    return (speaker, said) if has_letters else ("", "")
