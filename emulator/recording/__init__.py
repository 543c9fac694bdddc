"""Recording: a proxy between a client and a real box that keeps a journal of what they say."""
