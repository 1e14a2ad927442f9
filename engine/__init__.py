"""Pictures and queues: a recipe becomes a picture. Torch is imported only below the line, in a child process."""
