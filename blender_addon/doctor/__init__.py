"""The Doctor: why a line does not show, sound or come at all, and what helps."""
