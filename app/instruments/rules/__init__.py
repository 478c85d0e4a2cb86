"""Pure domain logic of instruments: no I/O, tested by properties."""
