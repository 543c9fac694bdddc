"""The running site: chargers and wallboxes by name, quantities, expectations, the watching of conditions."""
