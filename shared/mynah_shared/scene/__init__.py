"""A scene's dialogue: its lines, and the sheets and folders that they come from; knows no host."""
