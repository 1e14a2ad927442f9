"""The model files people have: listed, looked up on the hub, and fetched."""
