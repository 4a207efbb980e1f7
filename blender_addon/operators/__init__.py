"""Buttons: collect, call, report."""
