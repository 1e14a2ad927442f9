"""A prompt changed by a sentence: the sentence read, the prompt changed, and the text that says it then."""
