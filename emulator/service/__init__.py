"""The emulator as a running thing: the site, its servers, and what outlives a run."""
