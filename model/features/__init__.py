"""From facts to the one versioned row of numbers that the network reads."""
