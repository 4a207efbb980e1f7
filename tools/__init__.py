"""The steps behind build.py; standard library only."""
