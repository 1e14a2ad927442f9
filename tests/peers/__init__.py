"""Servers that behave as the chat platforms do, for tests without a network."""
