"""Learning LoRAs."""
