"""What is left to chance in a text, as the templates of Dynamic Prompts say it."""
