"""Lektrico chargers 1P7K, 3P22K (TRI) and ONE, and the meters EM and 3EM. NOTES.md says what is reproduced."""
