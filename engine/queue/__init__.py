"""Who draws what, when and where: the queue, its fairness, and the workers it hands jobs to; no torch."""
