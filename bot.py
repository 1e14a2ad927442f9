"""python bot.py: see bot/cli/cli.py."""

from bot.cli.cli import main

if __name__ == "__main__":
    main()
