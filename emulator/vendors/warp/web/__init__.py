"""The web server: paths, log-in, downloads."""
