"""MYN1, the protocol between hosts and the daemon. PROTOCOL.md is the authority."""
