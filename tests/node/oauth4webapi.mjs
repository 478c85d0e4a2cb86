// Every flow of the platform's provider, by npm's oauth4webapi, which checks each answer by its RFC.
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import * as oauth from "oauth4webapi"

const given = JSON.parse(readFileSync(0, "utf8"))
const local = { [oauth.allowInsecureRequests]: true } // plain http on loopback
const issuer = new URL(given.issuer)
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, local))
console.log("discovery")

async function page(url, cookies = []) {
  const headers = { cookie: [`commons_session=${given.session}`, ...cookies].join("; ") }
  let answer = await fetch(url, { headers, redirect: "manual" })
  while (answer.status === 303) {
    url = new URL(answer.headers.get("location"), url)
    answer = await fetch(url, { headers, redirect: "manual" })
  }
  assert.equal(answer.status, 200)
  return { url, html: await answer.text(), seed: answer.headers.getSetCookie().map((one) => one.split(";")[0]) }
}

async function submit({ url, html, seed }, fields) {
  const action = html.match(/<form class="form" method="post" action="([^"]+)"/)[1].replaceAll("&amp;", "&")
  const token = html.match(/class="form"[\s\S]*?name="csrf_token" value="([^"]+)"/)[1]
  return await fetch(new URL(action, url), {
    method: "POST",
    redirect: "manual",
    headers: { cookie: [`commons_session=${given.session}`, ...seed].join("; ") },
    body: new URLSearchParams({ csrf_token: token, ...fields }),
  })
}

async function withNonce(ask) {
  try {
    return await ask()
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return await ask()
  }
}

// Code, PKCE, PAR and DPoP, by a public client; once with a right clock, once with one that is an hour off.
for (const skew of [0, -3600]) {
  const client = { client_id: given.public.id, [oauth.clockSkew]: skew }
  const clock = { client_id: given.public.id }
  const keys = await oauth.generateKeyPair("ES256")
  const DPoP = oauth.DPoP(client, keys)
  const none = oauth.None()
  const verifier = oauth.generateRandomCodeVerifier()
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
  const parameters = {
    response_type: "code",
    redirect_uri: given.redirectUri,
    scope: "openid profile",
    resource: `${given.issuer}/api/v1`,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
  }
  const pushed = await withNonce(async () =>
    oauth.processPushedAuthorizationResponse(
      as,
      clock,
      await oauth.pushedAuthorizationRequest(as, clock, none, parameters, { DPoP, ...local }),
    ),
  )
  const url = new URL(as.authorization_endpoint)
  url.searchParams.set("client_id", clock.client_id)
  url.searchParams.set("request_uri", pushed.request_uri)
  const answer = await submit(await page(url), { decision: "allow" })
  const callback = oauth.validateAuthResponse(as, clock, new URL(answer.headers.get("location")), state)
  const exchange = async () =>
    oauth.processAuthorizationCodeResponse(
      as,
      clock,
      await oauth.authorizationCodeGrantRequest(as, clock, none, callback, given.redirectUri, verifier, { DPoP, ...local }),
      { expectedNonce: nonce, requireIdToken: true },
    )
  const tokens = await withNonce(exchange)
  assert.equal(tokens.token_type, "dpop")
  assert.equal(oauth.getValidatedIdTokenClaims(tokens).sub, given.subject)
  const api = new URL(`${given.issuer}/api/v1/me`)
  const ask = async (token) => (await oauth.protectedResourceRequest(token, "GET", api, undefined, undefined, { DPoP, ...local })).json()
  assert.equal((await withNonce(() => ask(tokens.access_token))).id, given.subject)
  const person = await withNonce(async () =>
    oauth.processUserInfoResponse(as, clock, given.subject, await oauth.userInfoRequest(as, clock, tokens.access_token, { DPoP, ...local })),
  )
  assert.equal(person.sub, given.subject)
  const next = await withNonce(async () =>
    oauth.processRefreshTokenResponse(as, clock, await oauth.refreshTokenGrantRequest(as, clock, none, tokens.refresh_token, { DPoP, ...local })),
  )
  assert.notEqual(next.refresh_token, tokens.refresh_token)
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, clock, none, next.refresh_token, local))
  await assert.rejects(ask(next.access_token), oauth.WWWAuthenticateChallengeError)
  console.log(skew ? "nonce" : "dpop")
}

// Client credentials with private_key_jwt; introspection.
const key = await crypto.subtle.importKey("jwk", given.signing.jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"])
const system = { client_id: given.signing.id }
const signing = () => oauth.PrivateKeyJwt({ key, kid: given.signing.jwk.kid })
const own = await oauth.processClientCredentialsResponse(
  as,
  system,
  await oauth.clientCredentialsGrantRequest(as, system, signing(), { scope: "organisations.read", resource: `${given.issuer}/api/v1` }, local),
)
assert.equal(own.scope, "organisations.read")
const introspect = async () =>
  oauth.processIntrospectionResponse(as, system, await oauth.introspectionRequest(as, system, signing(), own.access_token, local))
assert.equal((await introspect()).active, true)
await oauth.processRevocationResponse(await oauth.revocationRequest(as, system, signing(), own.access_token, local))
assert.equal((await introspect()).active, false)
console.log("private_key_jwt")

// Device grant.
const device = { client_id: given.device.id }
const waiting = await oauth.processDeviceAuthorizationResponse(
  as,
  device,
  await oauth.deviceAuthorizationRequest(as, device, oauth.None(), { scope: "openid profile" }, local),
)
const poll = async () =>
  oauth.processDeviceCodeResponse(
    as,
    device,
    await oauth.deviceCodeGrantRequest(as, device, oauth.None(), waiting.device_code, local),
  )
await assert.rejects(poll(), (error) => error.error === "authorization_pending")
const asking = await page(new URL(waiting.verification_uri_complete))
const shown = await submit(asking, { user_code: waiting.user_code })
const decision = { url: asking.url, html: await shown.text(), seed: [...asking.seed] }
assert.equal((await submit(decision, { user_code: waiting.user_code, decision: "allow" })).status, 303)
assert.equal(oauth.getValidatedIdTokenClaims(await poll()).sub, given.subject)
console.log("device")
