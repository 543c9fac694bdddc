"""What clients are told without asking: WebSocket, MQTT, discovery."""
