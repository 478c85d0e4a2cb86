"""Changing several instruments at once: what would change of each is shown first; then all are changed, or none."""
