// A province's identity provider: npm's certified oidc-provider. The first line of stdin configures it; each further line
// changes something while it runs ({"accounts": …} new claims, {"rotate": true} a new signing key) and is answered on stdout.
import { createServer } from "node:http"
import { generateKeyPairSync, randomUUID } from "node:crypto"
import { createInterface } from "node:readline"
import Provider from "oidc-provider"

let given
let provider
const newKey = () => ({
  ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }),
  kid: randomUUID(),
  use: "sig",
  alg: "RS256",
})

function started() {
  const made = new Provider(given.issuer, {
    clients: given.clients,
    jwks: { keys: [newKey()] },
    cookies: { keys: ["tests only"] },
    claims: { openid: ["sub"], person: given.claims },
    conformIdTokenClaims: given.userinfoOnly,
    pkce: { required: () => true },
    features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true }, userinfo: { enabled: true } },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...given.accounts[id] }) }),
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
      grant.addOIDCScope("openid person")
      await grant.save()
      return grant
    },
    fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
  })
  return made
}

const lines = createInterface({ input: process.stdin })
for await (const line of lines) {
  const change = JSON.parse(line)
  if (!given) {
    given = change
    provider = started()
    await new Promise((ready) => createServer((req, res) => provider.callback()(req, res)).listen(given.port, "127.0.0.1", ready))
  } else if (change.rotate) {
    provider = started()
  } else {
    Object.assign(given, change)
    provider = started()
  }
  console.log("ready")
}
