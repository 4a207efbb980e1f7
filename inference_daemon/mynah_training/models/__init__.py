"""One model or paper per file."""
