"""One module per subcommand of `mynah`; each has `add_parser(subparsers)` and `run(arguments)`."""
