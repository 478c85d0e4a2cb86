"""Appointments: who holds a role in a whole province, who lends one to a deputy, and whose account is suspended.

Words: *appointment* = a role proposed by one admin and decided by another; *holder* = who has a role in their own right;
*delegation* 代理 = a holder's role, lent to a *deputy* until a day. A deputy appoints nobody and lends nothing on.
Nobody has two of the roles province admin, auditor and operator. Locks are taken in one order: the province's admins by
account, the account concerned, the appointment or delegation.
Chosen: the two persons and the one winner are decided by the row (CHECKs, an exclusion over the time a proposal is open,
an UPDATE that expects it open); what time decides is never stored. Turned down: a status column that a job closes.
"""
