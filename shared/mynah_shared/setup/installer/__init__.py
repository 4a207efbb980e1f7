"""Installs or removes the engine, in a process of its own: standard library only, no host.

Run by the Python that the engine will have. It reports as lines of JSON on its standard output and
stops, leaving nothing half-made, as soon as its standard input is closed.
"""
