"""From a performance to keyframes on a character."""
