"""Searching for the situation in which a client breaks: random walks, judged, and shrunk to what matters."""
