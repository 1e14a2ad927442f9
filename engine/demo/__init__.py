"""The built-in model: a small Stable Diffusion drawn from openly licensed emoji, and the recipe that trained it."""
