"""Reference lists: administrative divisions (GB/T 2260), disciplines (GB/T 13745), instrument classes, and imported ones.

Words: a *scheme* is a list, an *entry* one code in it; `current` entries are offered in forms, `historical` ones only
resolve. A code never disappears: what a newer list no longer has becomes historical. Only the owner role writes here
(`commons migrate` for the built-in lists, `commons codes import` for full ones); an imported list is never touched by
the built-in one again. `formats.py` describes the shapes of published lists as data, read by one mechanism.

Representation: GB/T 2260 has 6 digits (towns 9) and no placeholders such as 市辖区, so districts of a municipality hang
on it directly. GB/T 13745 is written without its dot: 110, 11014. Instrument classes are the national form's 6 digits,
two a level, padded with zeros: 01 -> 010000, 0103 -> 010300; other instruments are 990000. The last day a historical
code is known to have been in force is `valid_to`; null says unknown.
"""
