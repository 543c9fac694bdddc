"""The steps of a scenario, each beside its like; `vocabulary` has them all.

The one rule: nothing is imported here, so that who needs the base of all steps need not wait for every step.
"""
