"""The demo: a head built by code, a stage around it, and one line of dialogue performed on it."""
