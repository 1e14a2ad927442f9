"""Pictures as Pillow and numpy have them: masks, tiles, sources, and the recipe inside a PNG; no torch."""
