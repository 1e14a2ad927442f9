"""What makes drawing faster: the switches and what each prepares."""
