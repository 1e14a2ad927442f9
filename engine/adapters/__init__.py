"""LoRAs and textual inversions beside a model's own weights."""
