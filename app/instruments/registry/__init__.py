"""The registry: entries of instruments, their units, opening hours and stewards; search, lists, exports and labels.

`families` groups instruments of an organisation, `files` keeps their pictures and manuals, `bulk` changes several at
once. Whatever belongs to an instrument changes under the instrument's own version, and is seen by whoever sees it.
"""
