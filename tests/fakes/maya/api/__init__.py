"""maya.api: the Python API 2.0, as far as it is here."""
