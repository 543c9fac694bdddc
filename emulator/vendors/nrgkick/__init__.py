"""NRGkick Gen2, the mobile wallbox with a SmartModule. NOTES.md says what is reproduced and from what."""
