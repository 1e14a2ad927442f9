"""A1111's HTTP API, as far as it can be kept here: programs that speak to A1111 draw on this bot."""
