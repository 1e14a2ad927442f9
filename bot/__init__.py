"""People: chat platforms, commands, cards, and the one road from a request to a picture."""

VERSION = "0.1.0"  # pyproject.toml says the same
