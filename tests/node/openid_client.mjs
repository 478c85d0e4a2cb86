// Every flow of the platform's provider, by npm's certified openid-client, from the issuer's address alone.
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import * as oidc from "openid-client"

const given = JSON.parse(readFileSync(0, "utf8"))
const local = { execute: [oidc.allowInsecureRequests] } // plain http on loopback

async function consent(url) {
  const headers = { cookie: `commons_session=${given.session}` }
  const page = await fetch(url, { headers })
  assert.equal(page.status, 200)
  const html = await page.text()
  const seed = page.headers.getSetCookie().map((cookie) => cookie.split(";")[0])
  const action = html.match(/<form class="form" method="post" action="([^"]+)"/)[1].replaceAll("&amp;", "&")
  const token = html.match(/class="form"[\s\S]*?name="csrf_token" value="([^"]+)"/)[1]
  const answer = await fetch(new URL(action, url), {
    method: "POST",
    redirect: "manual",
    headers: { cookie: [headers.cookie, ...seed].join("; ") },
    body: new URLSearchParams({ csrf_token: token, decision: "allow" }),
  })
  assert.equal(answer.status, 303)
  return new URL(answer.headers.get("location"))
}

const web = await oidc.discovery(new URL(given.issuer), given.web.id, given.web.secret, undefined, local)
console.log("discovery")

const verifier = oidc.randomPKCECodeVerifier()
const [state, nonce] = [oidc.randomState(), oidc.randomNonce()]
const url = oidc.buildAuthorizationUrl(web, {
  redirect_uri: given.redirectUri,
  scope: "openid profile",
  code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
})
const tokens = await oidc.authorizationCodeGrant(web, await consent(url), {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
})
assert.equal(tokens.claims().sub, given.subject)
console.log("code")

const person = await oidc.fetchUserInfo(web, tokens.access_token, given.subject)
assert.equal(person.name, "许清禾")
console.log("userinfo")

const next = await oidc.refreshTokenGrant(web, tokens.refresh_token)
assert.notEqual(next.refresh_token, tokens.refresh_token)
console.log("refresh")

assert.equal((await oidc.tokenIntrospection(web, next.access_token)).active, true)
console.log("introspection")

await oidc.tokenRevocation(web, next.refresh_token)
assert.equal((await oidc.tokenIntrospection(web, next.access_token)).active, false)
console.log("revocation")

const system = await oidc.discovery(new URL(given.issuer), given.system.id, given.system.secret, undefined, local)
const own = await oidc.clientCredentialsGrant(system, { scope: "instruments.read" })
assert.equal(own.scope, "instruments.read")
console.log("credentials")
