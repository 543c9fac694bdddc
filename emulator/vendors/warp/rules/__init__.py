"""Automation: triggers, actions, and the rules between them."""
