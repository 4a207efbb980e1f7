"""The one version number: package metadata, the add-on's manifest and the tests read it here."""

__version__ = "0.1.0"
