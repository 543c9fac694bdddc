"""Tinkerforge WARP Charger 1 to 4: HTTP, WebSocket, MQTT on one registry of states, commands and configurations."""
