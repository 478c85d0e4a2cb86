"""Importing a file of instruments: upload, say what the columns mean, check every row, apply.

The file is kept by its digest; the check and the application read it anew, row by row, through the same code, so what
is shown is what will happen. An entry is known by its organisation and inner id: importing the file again changes
what differs and nothing else; nothing is deleted. One transaction applies a file, whichever rows are left out.

Chosen: the outcome of every row is a row, so that none can be lost silently and pages of a hundred thousand are cheap.
Turned down: a staging table of values, which would keep personal data twice and age apart from the file.
"""
