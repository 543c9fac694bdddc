"""OCPP 1.6J on the simulated charger: the charge point of a wallbox, and a central system to connect it to."""
