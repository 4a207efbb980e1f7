"""Which target of a rig answers to which channel of a performance."""
