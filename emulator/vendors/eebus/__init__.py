"""A generic wallbox with EEBUS and nothing else."""
