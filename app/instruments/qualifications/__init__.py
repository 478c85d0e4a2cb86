"""Qualifications 上机资格: who may run an instrument by themselves, since when, until which day, and by whose word.

Words: a *type* 资格类型 is what an organisation teaches, for one instrument or many; a *requirement* 上机要求 says that an
instrument wants a type at a level; a *qualification* is a person's, one row a person and type, whose history the journal
keeps; a *recognition* 互认 is the accepting side's row: whoever holds the other type counts here, up to a level.

What time decides is never stored: a qualification is expired after `valid_to`, its last day. A booking is held to the
days it lasts, on the instrument's calendar, not to the day it is made on. Deny beats allow: who is suspended or revoked
here is not let in by what another organisation granted. `standing` is what booking and search ask; `rules/qualified.py`
judges. A qualification is read by the province that granted it and by its holder's, and by no third; the province of an
instrument is told what counts on it by one function in the database (`qualification_standing`).
"""
