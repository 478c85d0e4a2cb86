"""Families of instruments: grouped by their organisation, for what holds for all of a family, such as who may use it.

A family is known to whoever sees its organisation and one of its instruments, and to those who keep it.
"""
