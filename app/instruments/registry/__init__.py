"""The registry: entries of instruments, their units, opening hours and stewards; search, lists and exports."""
