"""Telegram: the Bot API by python-telegram-bot, over long polling or a webhook."""
