"""What is not about charging: prices, solar, power of the house, other managers."""
