"""Maps for nets that guide shapes, made of pictures without a network; numpy and Pillow, no torch."""
