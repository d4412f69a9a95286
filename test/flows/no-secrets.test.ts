/**
 * No event, error or log line carries a ticket, token, secret, claim, code or state (A.10.1 item 8, G-5.2-a): every kind of flow
 * runs with marked values, and all that could be printed is searched for them.
 */
import { describe, expect, test } from 'vitest'
import { clientSecretBasic, clientSecretPost, type Requester, type RequesterOptions } from '../../src/index.ts'
import { loopbackRedirect } from '../../src/redirect/loopback.ts'
import { pageRedirect } from '../../src/redirect/page.ts'
import { type AuthorizationServerQuirks, denyAll, onlyPeople, onlySubjects, ownerAgreesAfter, type Policy } from '../helpers/authorization-server.ts'
import type { HostQuirks } from '../helpers/host.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { byAxiosFetch, byAxiosHttp, byFetch, byKy, type Send } from '../ways-in/kit.ts'
import { asksFor, claim, path, REDIRECT_URI, tick, until, visit } from './kit.ts'
import { overheard, prints, safe, type Safe } from './secrets-kit.ts'

interface Stage {
  world: World
  requester: Requester
  send: Send
  secrets: Safe
  storage: Map<string, string>
  urls: string[]
  /** Sends; what it rejects with is printed. */
  get(at?: string, options?: Parameters<Send>[1]): Promise<void>
  /** Any other promise: what it resolves or rejects with is printed. */
  prints(promise: Promise<unknown>): Promise<void>
}

interface Story {
  policy?: Policy
  as?: Partial<AuthorizationServerQuirks>
  host?: Partial<HostQuirks>
  more?(stage: Stage): Partial<RequesterOptions>
  server?: object
  /** At least one thing must have gone wrong. */
  fails?: boolean
  run?(stage: Stage): Promise<void>
}

const people = onlyPeople('alice')
const marked = claim('marked-claim')
const answer = (body: unknown, status = 400): Partial<AuthorizationServerQuirks> => ({ errorAnswer: () => ({ status, body }) })
const handler = (change: (url: string) => string) => ({ secrets }: Stage) => ({
  redirectUri: REDIRECT_URI,
  onRedirect: async ({ url }: { url: string }) => secrets.url(change(await visit(secrets.url(url)))),
})
const revokeAll = (world: World): void => {
  for (const { headers } of world.sent()) if (headers['authorization']?.startsWith('Bearer ')) world.as.revoke(headers['authorization'].slice(7))
}
const faulty =
  (part: string, act: (input: string) => Promise<Response> | Response) =>
  ({ secrets }: Stage): Partial<RequesterOptions> => ({
    fetch: async (input, init) => (`${String(input)} ${String(init?.body)}`.includes(part) ? act(`${String(input)} ${String(init?.body)}`) : secrets.fetch(input, init)),
  })
const expired = async ({ world, get }: Stage): Promise<void> => {
  world.as.quirks.tokenAnswer = (json) => ({ ...json, expires_in: 0.01 })
  await get()
  await tick(20)
  await get()
}

const page = (stage: Stage): Partial<RequesterOptions> => ({
  redirectUri: REDIRECT_URI,
  storage: stage.storage,
  requestingParty: 'alice',
  onRedirect: pageRedirect({ navigate: (url) => stage.urls.push(stage.secrets.url(url)), storeRequest: true }),
  timeouts: { flow: 400 },
})
const comesBack =
  (change: (url: string) => string, who?: string) =>
  async (stage: Stage): Promise<void> => {
    const left = stage.get()
    await until(() => stage.urls.length === 1)
    const back = change(stage.secrets.url(await visit(stage.urls[0] as string)))
    await stage.prints((who ? stage.requester.as(who) : stage.requester).handleCallback(back))
    await stage.prints(stage.requester.handleCallback(back))
    await left
  }

const stories: Record<string, Story> = {
  'granted, used, revoked, granted again': { run: async ({ world, get }) => (await get(), await get('/alice/2.jpg'), revokeAll(world), await get()) },
  'claims pushed, and remembered': { policy: onlySubjects(['marked-claim']), run: async ({ get }) => (await get(), await get('/alice/2.jpg')) },
  'claims that are not enough': { policy: onlySubjects(['nobody']), fails: true },
  'claims that nobody has': { policy: asksFor([{ name: 'x' }]), more: () => ({ claims: () => undefined }), as: { metadata: (json) => ({ ...json, claims_interaction_endpoint: undefined }) }, fails: true },
  'claims asked for without end': { policy: () => ({ needInfo: { requiredClaims: [{ name: 'x' }] } }), fails: true },
  'a person, own handler': { policy: people, more: handler((url) => url) },
  'a person who declines': { policy: people, more: handler((url) => `${REDIRECT_URI}?error=access_denied&error_description=marked-reason&state=${new URL(url).searchParams.get('state')}`), fails: true },
  'a person with another state': { policy: people, more: handler((url) => url.replace(/state=[^&]*/, 'state=marked-foreign-state')), fails: true },
  'a person with the iss of another': { policy: people, more: handler((url) => `${url}&iss=https://marked-reason.example`), fails: true },
  'a person with two tickets': { policy: people, more: handler((url) => `${url}&ticket=marked-reason`), fails: true },
  'a person is needed': { policy: people, fails: true },
  'a person who is sent nowhere good': { policy: () => ({ needInfo: { redirectUser: 'javascript:marked-reason' } }), more: handler((url) => url), fails: true },
  'a person, loopback': {
    policy: people,
    more: ({ secrets, urls }) => ({ onRedirect: loopbackRedirect({ show: (url) => urls.push(secrets.url(url)), timeout: 100 }) }),
    fails: true,
  },
  'a person, page': { policy: people, more: page, run: comesBack((url) => url), fails: true },
  'a person, page, foreign state': { policy: people, more: page, run: comesBack((url) => url.replace(/state=[^&]*/, 'state=marked-foreign-state')), fails: true },
  'a person, page, another party': { policy: people, more: page, run: comesBack((url) => url, 'bob'), fails: true },
  'a person, page, error': { policy: people, more: page, run: comesBack((url) => url.replace(/ticket=[^&]*/, 'error=marked-reason')), fails: true },
  'a person, page, iss of another': { policy: people, more: page, run: comesBack((url) => `${url}&iss=https://marked-reason.example`), fails: true },
  'the owner agrees': { policy: ownerAgreesAfter(2, 0.01) },
  'the owner does not': { policy: ownerAgreesAfter(99, 0.01), fails: true },
  'the owner, without a ticket': { policy: ownerAgreesAfter(99), as: { submitted: 'keycloak' }, fails: true },
  'the owner, too late': { policy: ownerAgreesAfter(99, 60), more: () => ({ timeouts: { flow: 100 } }), fails: true },
  refreshed: { as: { refreshTokens: true, rotateRefresh: true }, run: expired },
  'refresh refused': { as: { refreshTokens: true }, more: faulty('refresh_token=', () => Response.json({ error: 'invalid_grant', error_description: 'marked-reason' }, { status: 400 })), run: expired },
  'signed out': { policy: onlySubjects(['marked-claim']), as: { refreshTokens: true }, run: async ({ get, prints, requester }) => (await get(), await prints(requester.signOut())) },
  'signed out, revocation fails': {
    as: { refreshTokens: true },
    more: faulty('/revoke', (sent) => Promise.reject(new Error(sent))),
    run: async ({ get, prints, requester }) => (await get(), await prints(requester.signOut())),
  },
  'ticket expired': { as: { ticketLifetimeMs: 1, delayMs: { discovery: 10, token: 10 } }, fails: true },
  'rpt refused': { as: { badRpt: 'invalid_rpt-403' }, run: async ({ world, get }) => (await get(), revokeAll(world), await get('/alice/2.jpg')) },
  'pct refused': { policy: onlySubjects(['marked-claim']), as: { badPct: 'invalid_pct-401', pctLifetimeMs: 1, upgrade: 'never' }, run: async ({ get }) => (await get(), await tick(5), await get('/alice/2.jpg')) },
  denied: { policy: denyAll, fails: true },
  'denied, with what was sent in the description': { policy: denyAll, as: { errorAnswer: () => ({ status: 403, body: { error: 'request_denied', error_description: 'marked-reason', error_uri: 'https://marked-reason.example' } }) }, fails: true },
  'an error code that is none': { policy: denyAll, as: answer({ error: 'marked-reason is bad' }), fails: true },
  'an error code that looks like one': { policy: denyAll, as: answer({ error: 'invalid_client', error_description: 'marked-reason' }, 401), fails: true },
  'need_info without a ticket': { policy: denyAll, as: answer({ error: 'need_info', required_claims: [{ name: 'x' }] }, 403), fails: true },
  'no JSON': { as: { tokenAnswer: () => ({ status: 200, headers: {}, body: '<marked-reason>' }) }, fails: true },
  'a token that no header can carry': { as: { tokenAnswer: (json) => ({ ...json, access_token: 'marked-reason\r\nx: y' }) }, fails: true },
  'a token of another type': { as: { tokenAnswer: (json) => ({ ...json, token_type: 'marked-reason' }) }, fails: true },
  'connection broken': { as: { crashOnToken: 'after' }, fails: true },
  'a fetch that fails': { more: faulty('/token', () => Promise.reject(new TypeError('fetch failed', { cause: new Error('ECONNRESET') }))), fails: true },
  'metadata that is not to be believed': { as: { metadata: (json) => ({ ...json, issuer: 'https://marked-reason.example' }) }, fails: true },
  'metadata that is none': { as: { metadata: () => ({ status: 200, headers: {}, body: 'marked-reason' }) }, fails: true },
  'too slow': { as: { delayMs: { token: 300 } }, more: () => ({ timeouts: { request: 50 } }), fails: true },
  'too many flows': { host: { requireExtraFlows: 9 }, fails: true },
  'not trusted': { server: { issuer: 'https://other.example' }, fails: true },
  'an issuer with a query': { host: { challenge: ({ ticket }) => `UMA as_uri="https://evil.example/?t=${ticket}", ticket="${ticket}"` }, fails: true },
  'stale, 401': { host: { stale: { status: 401, challenge: false } }, run: async ({ world, get }) => (await get(), revokeAll(world), await get()) },
  aborted: {
    as: { delayMs: { token: 100 } },
    run: async ({ get }) => get(path, { signal: AbortSignal.timeout(60) }),
    fails: true,
  },
  'a wrong client secret': { server: { client: { id: 'web-post', auth: clientSecretPost('marked-secret-wrong') } }, fails: true },
  'a storage that fails with what it was given': {
    more: () => ({
      requestingParty: 'alice',
      storage: { get: (key) => Promise.reject(new Error(key)), set: (key, value) => Promise.reject(new Error(key + value)), delete: (key) => Promise.reject(new Error(key)) },
    }),
  },
}

describe.each([byFetch, byAxiosHttp, byAxiosFetch, byKy])('$name', ({ attach }) => {
  test.each(Object.entries(stories))('%s', async (_story, { policy, as = {}, host = {}, more, server = {}, fails = false, run }) => {
    const world = await startWorld({ as: { ...(policy && { policy }), quirks: as }, host: { quirks: host } })
    const secrets = safe(world, ['web-secret', marked.token, 'marked-claim', 'marked-query', 'marked-reason', 'marked-secret-wrong', 'marked-foreign-state'])
    const printed: string[] = []
    let failed = 0
    const note = (promise: Promise<unknown>): Promise<void> =>
      promise.then(
        (value) => void printed.push(prints(value)),
        (error: unknown) => void (failed++, printed.push(prints(error))),
      )
    const stage = { world, secrets, urls: [], storage: new Map(), prints: note } as unknown as Stage
    const heard = overheard()
    stage.requester = world.requester(
      { claims: () => marked, fetch: secrets.fetch, polling: { minInterval: 0.01, max: 4 }, ...more?.(stage) },
      { client: { id: 'web', auth: clientSecretBasic('web-secret') }, ...server },
    )
    stage.send = attach(stage.requester)
    stage.get = (at = path, options = {}) => note(stage.send(`${world.host.origin}${at}?q=marked-query`, options))
    await (run ? run(stage) : stage.get())
    if (fails) expect(failed).toBeGreaterThan(0)
    const all = secrets.all()
    expect(all.length).toBeGreaterThan(7)
    const events = JSON.stringify(world.events)
    for (const one of all) {
      expect(events).not.toContain(one)
      expect(heard()).not.toContain(one)
      // The URL with its query is the caller's own, and axios prints it with the caller's config; a callback tells it too.
      if (one !== 'marked-query') expect(printed.join('\n')).not.toContain(one)
    }
  })
})

test('the net holds: a secret is found in each of the places that are looked at', async () => {
  const world = await startWorld({ as: { policy: onlySubjects(['marked-claim']), quirks: { refreshTokens: true } } })
  const secrets = safe(world, [])
  let answered: Record<string, unknown> = {}
  world.as.quirks.tokenAnswer = (json) => (answered = json)
  await world.requester({ claims: () => marked, fetch: secrets.fetch }).fetch(world.host.origin + path)
  const found = secrets.all()
  for (const name of ['access_token', 'refresh_token', 'pct']) expect(found).toContain(answered[name])
  expect(found).toContain(marked.token)
  expect(found.filter((one) => world.recorder.requests.some(({ body }) => body.toString().includes(one))).length).toBeGreaterThan(2)
  const wrapped = new Error('outer', { cause: Object.assign(new Error('inner'), { hidden: { deep: ['marked-secret'] } }) })
  expect(prints(wrapped)).toContain('marked-secret')
})
