"""What real devices sent, read from what people paste: dumps, listings, replies. `reading.read` is the way in."""
