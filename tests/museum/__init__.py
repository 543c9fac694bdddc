"""The museum of real bugs: every row is staged, and naive clients fall for it while careful ones do not."""
