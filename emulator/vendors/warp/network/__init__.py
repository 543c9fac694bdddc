"""Network interfaces and their configurations."""
