"""Ways to draw faster: the switches, and the calls that some of them prepare."""
