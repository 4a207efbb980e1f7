"""Serving: turns dialogue audio into facial motion behind a local ZeroMQ socket, and the `mynah` command line.

This file imports nothing, so that a child process pays only for what it uses.
"""
