"""What lies on the disk, told from its first bytes without loading it; no torch."""
