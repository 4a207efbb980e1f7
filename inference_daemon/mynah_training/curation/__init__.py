"""From videos of talking heads to training data: `mynah dataset build`."""
