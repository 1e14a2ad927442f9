"""Finishing a picture: enlarging it, and finding faces and hands to draw again."""
