"""The reference part of the documentation, written from the code: nothing of it can be out of date."""
