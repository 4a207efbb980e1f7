"""Many lines at once: from a dialogue sheet or a folder to a folder of results that can go on."""
