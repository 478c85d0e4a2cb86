"""Large research instruments 大型科研仪器: the registry, and booking across provinces 预约.

Words: an *instrument* is one entry of the national register; a *unit* 台(套) is what one person can use at a time; a
*family* groups instruments of one organisation; a *booking* occupies a unit: `during` is what was asked for,
`occupied` adds the preparation before and after.

Invariants: no two blocking bookings occupy one unit at the same instant (an exclusion constraint over `unit_id` alone,
so that provinces cannot both have it); a booking belongs to the instrument's province and is read by both parties;
anyone else is told "busy" and nothing more. Writers lock the unit's row first: conflicts become plain answers and
deadlocks do not arise. The database decides; no code looks for a free slot and then trusts what it saw.
"""
