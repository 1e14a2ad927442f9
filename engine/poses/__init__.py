"""People as points: read, named, put in place, drawn as the nets for poses were trained on, and written."""
