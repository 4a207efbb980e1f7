"""Only here because the one version number stands in the neighbouring package, mynah_shared."""

from pathlib import Path

from setuptools import setup

text = (Path(__file__).parent.parent / "shared/mynah_shared/_version.py").read_text("utf-8")
setup(version=text.split('__version__ = "')[1].split('"')[0])
