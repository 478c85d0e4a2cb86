"""Applications of other makers 应用: who registers them, who reviews them, and which of them act for a person.

A province admin registers *system clients*, which act for an organisation or the province. Anybody signed in registers
*applications of their own*; until an admin of the province approves one, it works for its developer alone, so that it can
be built. What its developer changes afterwards (name, addresses, scopes) waits beside the approved values, which hold
until an admin agrees: nobody is sent to an address that nobody looked at. The protocol itself is `identity.provider`.
"""
