"""Mechanisms that models share."""
