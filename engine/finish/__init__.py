"""What is done to a finished picture: enlarging it, and finding faces and hands to draw again."""
