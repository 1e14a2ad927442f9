"""Models brought into memory, and where their weights lie."""
