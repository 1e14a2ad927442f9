"""Maps that networks make of pictures; torch, and onnxruntime for the owner's files."""
