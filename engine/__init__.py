"""Pictures and queues: a recipe becomes a picture. Torch is imported only by the worker's modules, in a child process."""
