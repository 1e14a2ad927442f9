"""People: chat platforms, commands, cards, and the one road from a request to a picture."""
