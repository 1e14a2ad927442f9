"""The road from a request to the pictures and cards that answer it."""
