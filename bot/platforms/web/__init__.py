"""The web chat: one page in the browser, served by the bot itself."""
