"""Find, start and talk to the daemon: everything a host needs, in one background thread."""
