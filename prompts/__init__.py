"""Text: what a person wrote becomes a prompt. No torch, no database, no chat in here."""
