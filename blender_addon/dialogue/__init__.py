"""The scene's dialogue: a list of lines, made all at once, and only what has changed."""
