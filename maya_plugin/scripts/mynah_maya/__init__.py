"""Mynah for Maya: a character performs a recorded line as keys on an animation layer."""

from .lending import lend_packages

lend_packages()
