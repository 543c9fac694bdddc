"""What every wallbox is: vendor and firmware profiles, settings, points, registers, interface declarations."""
