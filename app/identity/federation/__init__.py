"""Federation: the provinces' identity providers, and the platform as their client (relying party).

Words: *provider* = where people of a province sign in, a row of that province (issuer `self` is the built-in one);
*identity* = what a provider calls one person, (issuer, subject), linked to one account of the province; *facts* = what it
said of the person at their last sign-in, by the provider's claim map; *vouched* = one checked sign-in.
Invariants: an identity is linked by (issuer, subject) inside the provider's own province, never by an e-mail; a second one only
by the person who is signed in. Nothing a provider sends is believed before its signature, issuer, audience, nonce and
time are checked. Providers are asked by bounded requests that follow no redirect and go only where a provider may stand.
The built-in provider is asked by the same messages, through the application itself: no proxy or port stands between.
"""
