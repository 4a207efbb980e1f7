"""The sidebar: draws only."""
