"""Mynah for Blender: a character speaks a line of dialogue, as editable keyframes."""

from .registration import register, unregister

__all__ = ["register", "unregister"]
