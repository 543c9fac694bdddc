"""KEBA KeContact P20, P30 and P40. NOTES.md says what is reproduced and from what."""
