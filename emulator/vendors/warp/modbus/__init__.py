"""Modbus TCP: one server, three register tables."""
