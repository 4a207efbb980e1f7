"""Training, export and evaluation of the models; the daemon never imports this package."""
