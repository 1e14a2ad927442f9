"""Learning LoRAs: a guest of the drawing worker, and a program of its own (`python -m engine.train`)."""
