"""Every value that documents list, with the scenario that produces it."""
