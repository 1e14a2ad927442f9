"""The command line: `python bot.py` and its commands."""
