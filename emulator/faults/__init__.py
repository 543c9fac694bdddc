"""Faults: small, named, removable disturbances of what passes between wallboxes and clients, and of boxes themselves.

The one rule: faults work on the wire, on the base class of wallboxes and on the world; no vendor knows about them.
"""
