"""From Chinese to the words that a model was trained on."""
