"""Serving: turns dialogue audio into facial motion, behind a local socket or the `mynah` command.

This file imports nothing, so that a child process pays only for what it uses.
"""
