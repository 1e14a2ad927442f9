"""The buttons below a picture, and the forms they open."""
