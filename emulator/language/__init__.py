"""How things are written: nodes with positions, argument types, records, units."""
