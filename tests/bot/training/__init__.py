"""Teaching a LoRA."""
