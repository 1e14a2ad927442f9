"""Teaching a LoRA: the pictures and what is said of them, what is wrong with them, and how it goes."""
