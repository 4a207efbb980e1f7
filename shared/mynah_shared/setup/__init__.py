"""Setting up the engine: a program of its own installs it, hosts only watch and draw."""
