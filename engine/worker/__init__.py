"""The child process that draws: its messages, its rows, and the stages of a picture."""
