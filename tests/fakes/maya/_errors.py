"""The one exception that is not Maya's."""

from __future__ import annotations


class NotInTheFake(NotImplementedError):
    """Maya may well do this; this fake does not. Extend the fake or take another way."""
