"""A check of the self-test: which Python the engine would be set up with, and whether Maya's own
would do. Installs nothing."""

from __future__ import annotations

from .library import SetUpError, fitting
from .setup.places import mayapy, python_for_engine


def tell_pythons() -> str:
    """In one sentence."""
    try:
        told = f"the engine would be set up with {python_for_engine()}"
    except SetUpError as error:
        told = str(error)
    own = "fits" if fitting(mayapy()) else "does not"
    return f"{told} (Maya's own, {mayapy()}: {own})"
