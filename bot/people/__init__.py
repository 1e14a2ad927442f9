"""Who may do what, and which accounts belong to one person."""
