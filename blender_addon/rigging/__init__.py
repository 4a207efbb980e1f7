"""What a character's rig has that a performance can move, and which of it answers to what."""
