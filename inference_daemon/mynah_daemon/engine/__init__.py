"""From samples to motion: models behind one protocol, windows, eyes and finishing touches."""
