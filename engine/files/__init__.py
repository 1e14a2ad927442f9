"""Files of models and what goes with them, identified without loading them; no torch."""
