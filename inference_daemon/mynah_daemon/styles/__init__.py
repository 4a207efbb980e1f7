"""The style library: performances to imitate, one file each, shipped ones and the user's own."""
