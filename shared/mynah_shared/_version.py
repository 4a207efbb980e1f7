"""The one version number: the packages' metadata, the add-on's manifest and the tests read it from here."""

__version__ = "0.1.0"
