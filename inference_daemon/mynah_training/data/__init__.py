"""Reading, synthesising, packing and augmenting data."""
