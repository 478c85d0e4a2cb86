"""Second factors: what a person shows beside the word of their provider.

An *authenticator* is an app that shows codes (TOTP, RFC 6238) or a passkey (WebAuthn Level 3); a *recovery code* stands in
for a lost one, once. A session that has seen two factors carries the method `mfa`; without it the roles of
`access.permissions.STRONG` are withheld. A passkey verifies its person by itself, so it is two factors at once and may
begin a sign-in. A WebAuthn challenge is signed, bound to its purpose and person, good for five minutes and noted when
spent: turned down was a row for each one made, which anybody could fill the table with.
"""
