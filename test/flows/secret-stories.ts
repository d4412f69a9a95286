/** Every kind of flow, with marked values, and what may go wrong in each. */

import { clientSecretPost } from '../../src/index.ts'
import { loopbackRedirect } from '../../src/redirect/loopback.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { denyAll, onlySubjects, ownerAgreesAfter } from '../helpers/authorization-server.ts'
import { asksFor, path, REDIRECT_URI, tick } from './kit.ts'
import { answer, comesBack, expired, faulty, handler, page, people, revokeAll, type Story } from './secret-stage.ts'

export const stories: Record<string, Story> = {
  'granted, used, revoked, granted again': {
    run: async ({ world, get }) => {
      await get()
      await get('/alice/2.jpg')
      revokeAll(world)
      await get()
    },
  },
  'claims pushed, and remembered': {
    policy: onlySubjects(['marked-claim']),
    run: async ({ get }) => {
      await get()
      await get('/alice/2.jpg')
    },
  },
  'claims that are not enough': { policy: onlySubjects(['nobody']), fails: true },
  'claims that nobody has': {
    policy: asksFor([{ name: 'x' }]),
    more: () => ({ claims: () => undefined }),
    as: { metadata: (json) => ({ ...json, claims_interaction_endpoint: undefined }) },
    fails: true,
  },
  'claims asked for without end': { policy: () => ({ needInfo: { requiredClaims: [{ name: 'x' }] } }), fails: true },
  'a person, own handler': { policy: people, more: handler((url) => url) },
  'a person who declines': {
    policy: people,
    more: handler(
      (url) =>
        `${REDIRECT_URI}?error=access_denied&error_description=marked-reason&state=${new URL(url).searchParams.get('state')}`,
    ),
    fails: true,
  },
  'a person with another state': {
    policy: people,
    more: handler((url) => url.replace(/state=[^&]*/, 'state=marked-foreign-state')),
    fails: true,
  },
  'a person with the iss of another': {
    policy: people,
    more: handler((url) => `${url}&iss=https://marked-reason.example`),
    fails: true,
  },
  'a person with two tickets': { policy: people, more: handler((url) => `${url}&ticket=marked-reason`), fails: true },
  'a person is needed': { policy: people, fails: true },
  'a person who is sent nowhere good': {
    policy: () => ({ needInfo: { redirectUser: 'javascript:marked-reason' } }),
    more: handler((url) => url),
    fails: true,
  },
  'a person, loopback': {
    policy: people,
    more: ({ secrets, urls }) => ({
      onRedirect: loopbackRedirect({ show: (url) => urls.push(secrets.url(url)), timeout: 100 }),
    }),
    fails: true,
  },
  'a person, page': { policy: people, more: page, run: comesBack((url) => url), fails: true },
  'a person, page, foreign state': {
    policy: people,
    more: page,
    run: comesBack((url) => url.replace(/state=[^&]*/, 'state=marked-foreign-state')),
    fails: true,
  },
  'a person, page, another party': { policy: people, more: page, run: comesBack((url) => url, 'bob'), fails: true },
  'a person, page, error': {
    policy: people,
    more: page,
    run: comesBack((url) => url.replace(/ticket=[^&]*/, 'error=marked-reason')),
    fails: true,
  },
  'a person, page, iss of another': {
    policy: people,
    more: page,
    run: comesBack((url) => `${url}&iss=https://marked-reason.example`),
    fails: true,
  },
  'the owner agrees': { policy: ownerAgreesAfter(2, 0.01) },
  'the owner does not': { policy: ownerAgreesAfter(99, 0.01), fails: true },
  'the owner, without a ticket': { policy: ownerAgreesAfter(99), as: { submitted: 'keycloak' }, fails: true },
  'the owner, too late': { policy: ownerAgreesAfter(99, 60), more: () => ({ timeouts: { flow: 100 } }), fails: true },
  refreshed: { as: { refreshTokens: true, rotateRefresh: true }, run: expired },
  'refresh refused': {
    as: { refreshTokens: true },
    more: faulty('refresh_token=', () =>
      Response.json({ error: 'invalid_grant', error_description: 'marked-reason' }, { status: 400 }),
    ),
    run: expired,
  },
  'signed out': {
    policy: onlySubjects(['marked-claim']),
    as: { refreshTokens: true },
    run: async ({ get, prints, requester }) => {
      await get()
      await prints(requester.signOut())
    },
  },
  'signed out, revocation fails': {
    as: { refreshTokens: true },
    more: faulty('/revoke', (sent) => Promise.reject(new Error(sent))),
    run: async ({ get, prints, requester }) => {
      await get()
      await prints(requester.signOut())
    },
  },
  'ticket expired': { as: { ticketLifetimeMs: 1, delayMs: { discovery: 10, token: 10 } }, fails: true },
  'rpt refused': {
    as: { badRpt: 'invalid_rpt-403' },
    run: async ({ world, get }) => {
      await get()
      revokeAll(world)
      await get('/alice/2.jpg')
    },
  },
  'pct refused': {
    policy: onlySubjects(['marked-claim']),
    as: { badPct: 'invalid_pct-401', pctLifetimeMs: 1, upgrade: 'never' },
    run: async ({ get }) => {
      await get()
      await tick(5)
      await get('/alice/2.jpg')
    },
  },
  denied: { policy: denyAll, fails: true },
  'denied, with what was sent in the description': {
    policy: denyAll,
    as: {
      errorAnswer: () => ({
        status: 403,
        body: {
          error: 'request_denied',
          error_description: 'marked-reason',
          error_uri: 'https://marked-reason.example',
        },
      }),
    },
    fails: true,
  },
  'an error code that is none': { policy: denyAll, as: answer({ error: 'marked-reason is bad' }), fails: true },
  'an error code that looks like one': {
    policy: denyAll,
    as: answer({ error: 'invalid_client', error_description: 'marked-reason' }, 401),
    fails: true,
  },
  'need_info without a ticket': {
    policy: denyAll,
    as: answer({ error: 'need_info', required_claims: [{ name: 'x' }] }, 403),
    fails: true,
  },
  'no JSON': { as: { tokenAnswer: () => ({ status: 200, headers: {}, body: '<marked-reason>' }) }, fails: true },
  'a token that no header can carry': {
    as: { tokenAnswer: (json) => ({ ...json, access_token: 'marked-reason\r\nx: y' }) },
    fails: true,
  },
  'a token of another type': { as: { tokenAnswer: (json) => ({ ...json, token_type: 'marked-reason' }) }, fails: true },
  'connection broken': { as: { crashOnToken: 'after' }, fails: true },
  'a fetch that fails': {
    more: faulty('/token', () => Promise.reject(new TypeError('fetch failed', { cause: new Error('ECONNRESET') }))),
    fails: true,
  },
  'metadata that is not to be believed': {
    as: { metadata: (json) => ({ ...json, issuer: 'https://marked-reason.example' }) },
    fails: true,
  },
  'metadata that is none': {
    as: { metadata: () => ({ status: 200, headers: {}, body: 'marked-reason' }) },
    fails: true,
  },
  'too slow': { as: { delayMs: { token: 300 } }, more: () => ({ timeouts: { request: 50 } }), fails: true },
  'too many flows': { host: { requireExtraFlows: 9 }, fails: true },
  'not trusted': { server: { issuer: 'https://other.example' }, fails: true },
  'an issuer with a query': {
    host: { challenge: ({ ticket }) => `UMA as_uri="https://evil.example/?t=${ticket}", ticket="${ticket}"` },
    fails: true,
  },
  'stale, 401': {
    host: { stale: { status: 401, challenge: false } },
    run: async ({ world, get }) => {
      await get()
      revokeAll(world)
      await get()
    },
  },
  aborted: {
    as: { delayMs: { token: 100 } },
    run: async ({ get }) => get(path, { signal: AbortSignal.timeout(60) }),
    fails: true,
  },
  'a wrong client secret': {
    server: { client: { id: 'web-post', auth: clientSecretPost('marked-secret-wrong') } },
    fails: true,
  },
  'a storage that fails with what it was given': {
    more: () => ({
      requestingParty: 'alice',
      storage: keyValueStorage({
        get: (key) => Promise.reject(new Error(key)),
        set: (key, value) => Promise.reject(new Error(key + value)),
        delete: (key) => Promise.reject(new Error(key)),
      }),
    }),
  },
}
