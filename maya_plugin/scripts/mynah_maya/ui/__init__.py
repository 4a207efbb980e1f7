"""What the artist sees: the shelf, the window and its parts."""
