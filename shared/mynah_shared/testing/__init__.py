"""For tests of hosts and of clients: a daemon without an engine, and small synthetic clips."""
