"""Setting up the engine: a program of its own installs it, Blender only watches and draws."""
