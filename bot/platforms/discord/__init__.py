"""Discord: slash commands, buttons that never die, reactions, menus and forms."""
