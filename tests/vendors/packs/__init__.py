"""Device packs."""
