"""EEBUS: SHIP (connections), SPINE (data), and the use cases of a wallbox, sans I/O on the simulated clock."""
