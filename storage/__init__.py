"""Memory: people, jobs, pictures, favourites and settings, in a database and a folder of picture files."""
