"""What programs write under their pictures, read and written: A1111's infotext and the papers of the others."""
