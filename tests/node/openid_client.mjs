// Every flow of the platform's provider, by npm's certified openid-client, from the issuer's address alone.
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import * as oidc from "openid-client"

const given = JSON.parse(readFileSync(0, "utf8"))
const local = { execute: [oidc.allowInsecureRequests] } // plain http on loopback

const cookie = `commons_session=${given.session}`

async function page(url) {
  let answer = await fetch(url, { headers: { cookie }, redirect: "manual" })
  while (answer.status === 303) {
    url = new URL(answer.headers.get("location"), url)
    answer = await fetch(url, { headers: { cookie }, redirect: "manual" })
  }
  assert.equal(answer.status, 200)
  const seed = answer.headers.getSetCookie().map((one) => one.split(";")[0])
  return { url, seed, html: await answer.text() }
}

async function submit({ url, seed, html }, fields) {
  const action = html.match(/<form class="form" method="post" action="([^"]+)"/)[1].replaceAll("&amp;", "&")
  const token = html.match(/class="form"[\s\S]*?name="csrf_token" value="([^"]+)"/)[1]
  return await fetch(new URL(action, url), {
    method: "POST",
    redirect: "manual",
    headers: { cookie: [cookie, ...seed].join("; ") },
    body: new URLSearchParams({ csrf_token: token, ...fields }),
  })
}

async function consent(url) {
  const answer = await submit(await page(url), { decision: "allow" })
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

const bound = await oidc.discovery(new URL(given.issuer), given.public.id, undefined, oidc.None(), local)
const DPoP = oidc.getDPoPHandle(bound, await oidc.randomDPoPKeyPair("ES256"))
const secret = oidc.randomPKCECodeVerifier()
const mark = oidc.randomState()
const pushed = await oidc.buildAuthorizationUrlWithPAR(
  bound,
  {
    redirect_uri: given.redirectUri,
    scope: "openid profile",
    resource: `${given.issuer}/api/v1`,
    code_challenge: await oidc.calculatePKCECodeChallenge(secret),
    code_challenge_method: "S256",
    state: mark,
  },
  { DPoP },
)
assert.deepEqual([...pushed.searchParams.keys()].sort(), ["client_id", "request_uri"])
console.log("par")
const held = await oidc.authorizationCodeGrant(
  bound,
  await consent(pushed),
  { pkceCodeVerifier: secret, expectedState: mark },
  undefined,
  { DPoP },
)
assert.equal(held.token_type, "dpop")
assert.equal((await oidc.fetchUserInfo(bound, held.access_token, given.subject, { DPoP })).sub, given.subject)
const later = await oidc.refreshTokenGrant(bound, held.refresh_token, undefined, { DPoP })
const api = new URL(`${given.issuer}/api/v1/me`)
const me = await oidc.fetchProtectedResource(bound, later.access_token, api, "GET", undefined, undefined, { DPoP })
assert.equal((await me.json()).id, given.subject)
console.log("dpop")

const key = await crypto.subtle.importKey("jwk", given.signing.jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"])
const signing = await oidc.discovery(
  new URL(given.issuer),
  given.signing.id,
  undefined,
  oidc.PrivateKeyJwt({ key, kid: given.signing.jwk.kid }),
  local,
)
const signed = await oidc.clientCredentialsGrant(signing, { scope: "organisations.read" })
assert.equal((await oidc.tokenIntrospection(signing, signed.access_token)).active, true)
await oidc.tokenRevocation(signing, signed.access_token)
assert.equal((await oidc.tokenIntrospection(signing, signed.access_token)).active, false)
console.log("private_key_jwt")

const device = await oidc.discovery(new URL(given.issuer), given.device.id, undefined, oidc.None(), local)
const waiting = await oidc.initiateDeviceAuthorization(device, { scope: "openid profile" })
const polled = oidc.pollDeviceAuthorizationGrant(device, waiting)
const asking = await page(new URL(waiting.verification_uri_complete))
const shown = await submit(asking, { user_code: waiting.user_code })
const decision = { ...asking, html: await shown.text() }
assert.equal((await submit(decision, { user_code: waiting.user_code, decision: "allow" })).status, 303)
assert.equal((await polled).claims().sub, given.subject)
console.log("device")
