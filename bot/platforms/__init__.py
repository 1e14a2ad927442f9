"""The places where people talk to the bot; each implements bot.chat.Chat."""
