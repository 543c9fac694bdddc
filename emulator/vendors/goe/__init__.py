"""go-e chargers: HOME, HOME+, Gemini, Gemini 2.0, PRO and CORE. NOTES.md says what is reproduced and from what."""
