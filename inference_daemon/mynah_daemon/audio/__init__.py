"""From a sound or video file to 16 kHz mono samples and to the features the models read."""
