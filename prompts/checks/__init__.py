"""What the doctor looks at, each kind in a file: they give findings, and the doctor puts them in order."""
