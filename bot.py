"""python bot.py: see bot/cli/cli.py."""

from engine import importing

if __name__ == "__main__":
    importing.begin()
    from bot.cli.cli import main  # only now: it is what is imported

    main()
