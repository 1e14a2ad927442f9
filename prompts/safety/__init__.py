"""What is never drawn, and what is for adults only: judged by the meaning of all words that come together."""
