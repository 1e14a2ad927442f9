"""What people read, story by story: both languages, Discord and Telegram, the real clients before a pool that only
pretends to draw. `make docs` writes it to docs/cards.md and docs/cards.zh.md, for whoever changes a text to read."""
