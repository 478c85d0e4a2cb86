"""What the generator draws from."""
