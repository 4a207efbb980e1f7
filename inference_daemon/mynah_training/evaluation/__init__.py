"""The results table: what every served model is asked, and what its answers score."""
