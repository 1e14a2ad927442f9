"""Readers of whole clauses that are too heavy for the process that talks to people: each in a process of its own."""
