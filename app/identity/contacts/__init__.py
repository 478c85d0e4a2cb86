"""A person's own affairs: their address, password, recovery, data, and the end of the account.

Words: an *address* is an e-mail address that its holder confirmed; it is unique on the platform, for it signs in. A
*mailed link* is a random token sent to an address for one purpose, kept as a digest, good once and for a while; a GET
shows what it does and a POST does it, so that programs which open the links of mails do nothing. *Closing* is what an
account is in for a week after its person asked to end it. A *mobile number* is where notices go besides; it signs nobody in.

What is asked from outside (register, recover) writes a row and a job, whoever is named; whether the address is known is
looked up by the job. So neither the answer nor its time tells. Turned down: opening the account at once and the address
as confirmed later, which lets anybody occupy another's address with a password of their own; for the same reason the
password is asked again where a registration is confirmed.
"""
