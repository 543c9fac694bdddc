"""The verdict on the client under test: rules over what it did and what came of it, and how it behaved."""
