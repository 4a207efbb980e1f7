"""What the engine heard, drawn over the animation editors: the voice's waveform and its phones."""
