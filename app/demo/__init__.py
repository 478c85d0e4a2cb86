"""Demonstration data: four provinces with organisations, people, instruments and a fortnight of bookings.

Everything is made by our own generator from a fixed seed, so that two machines show the same platform; only bookings
move, with the current week. Nothing is taken from real registers: organisations and makers carry （示例） in their names,
credit codes have a part no registry gives out (see `organisations.py`), hosts end in `.example` (RFC 2606).
`seed.py` loads it as the application's role in each province's own context, so the demonstration proves the tenancy
instead of going around it. Above the features and below the launcher; refuses to run in production.
"""
