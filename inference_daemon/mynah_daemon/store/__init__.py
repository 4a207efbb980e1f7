"""What a daemon knows beyond its life: jobs in an SQLite database, results in files beside it."""
