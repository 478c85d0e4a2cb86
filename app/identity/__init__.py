"""Identity: who people and systems are, how they sign in, and our OpenID provider.

Words: *account* = a person of one home province; *external identity* = (issuer, subject) that signs an account in, never
an e-mail; *provider* = where a province's people sign in (issuer `self` is the built-in one); *client* = an application
registered with us; *grant* = what a client was given, the family of all its tokens; *browser session* = opaque and
server-side. Secrets are kept as digests (random tokens), argon2id (passwords) or encrypted (signing keys).
The sign-in code runs as the database role `login`; a request recognises its caller by one function of the `broker`.
`provider/` is written on joserfc. Turned down: Authlib's server, synchronous and untyped, ten defaults to override for
what is 500 typed lines here; as a relying party we do use its client, for the built-in provider as for any other.
"""
