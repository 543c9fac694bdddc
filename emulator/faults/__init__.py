"""Faults: small, named, removable disturbances of wallboxes, and of what passes between them and their clients.

The one rule: faults work on the wire, on the base class of wallboxes and on the world; no vendor knows about them.
"""
