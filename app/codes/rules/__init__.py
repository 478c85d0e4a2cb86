"""Pure rules of code lists: no input, no output."""
