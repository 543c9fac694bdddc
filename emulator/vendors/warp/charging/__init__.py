"""Who may charge, for how long, and what is kept of it."""
