"""Pictures and queues: a recipe becomes a picture. Torch is imported only below the wall, in a child process."""
