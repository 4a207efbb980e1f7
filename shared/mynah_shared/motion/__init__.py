"""Facial motion as named channels over time, free of any host."""
