"""Subcommands that the training package adds to `mynah`, found through the entry points
`mynah.commands`."""
