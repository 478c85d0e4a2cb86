"""Our OpenID provider and OAuth 2.1 authorization server, on joserfc.

Authorization code with PKCE S256 only, refresh rotation, client credentials; RFC 9700 is the baseline. A grant is the
family of everything a client got by one consent: revoking it ends its tokens at once, since each request asks for it.
A code used twice kills its family, and so does a refresh token: a grace for double submits was turned down, because it
would leave a thief who was first with a living token. Errors are answers, not exceptions, wherever a
revocation must be committed with them. Access tokens follow RFC 9068, are bound to our API and live 15 minutes.
"""
