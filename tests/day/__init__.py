"""A day in the house by a clock of its own: the queue as it is shipped, cards that draw nothing, and many people."""
