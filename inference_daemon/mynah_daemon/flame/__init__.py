"""FLAME in and out: the user's own model file, the map between ARKit and FLAME, and its uses.

Nothing of FLAME comes with Mynah: its licence is the user's.
"""
