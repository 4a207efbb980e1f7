"""Setting up the engine: a program of its own installs it, Maya only watches and draws."""
