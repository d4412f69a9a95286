/** No event, error, cause, toJSON, inspection or clone has a ticket, token, secret, claim, code or state (G-5.2-a). */

import { inspect } from 'node:util'
import axios from 'axios'
import { describe, expect, test } from 'vitest'
import { clientSecretBasic, clientSecretPost, type RequesterOptions } from '../../src/index.ts'
import {
  type AuthorizationServerQuirks,
  denyAll,
  grantAll,
  onlySubjects,
  type Policy,
} from '../helpers/authorization-server.ts'
import type { HostQuirks } from '../helpers/host.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { type Send, waysIn } from '../ways-in/kit.ts'

const path = '/alice/1.jpg'
const secret = 'web-secret'
const claim = Buffer.from('{"sub":"marked-claim"}').toString('base64url')
const query = 'q=marked-query'

/** Every string that was secret in what was on the wire. */
function secretsOf(world: World): string[] {
  const found = new Set([secret, claim, 'marked-claim', 'marked-query', 'marked-reason', 'web-post-secret'])
  for (const request of world.recorder.requests) {
    const texts = [request.answerHeaders?.['www-authenticate'] ?? '', request.headers.authorization ?? '']
    for (const text of texts)
      for (const [, value] of text.matchAll(/(?:ticket="|Bearer |Basic )([^" ]{6,})/g)) found.add(value as string)
    for (const [name, value] of new URLSearchParams(request.body.toString()))
      if (/^(ticket|rpt|pct|claim_token|client_secret)$/.test(name)) found.add(value)
  }
  return [...found].filter((value) => value.length > 5)
}

const toJson = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return ''
  }
}

/** All that a logger might print of an error. */
function prints(error: unknown): string {
  const texts: string[] = []
  for (let one: unknown = error, depth = 0; one !== undefined && one !== null && depth < 5; depth++) {
    texts.push(
      inspect(one, { depth: 12 }),
      String(one),
      toJson(one),
      String((one as Error).stack),
      inspect({ ...(one as object) }, { depth: 12 }),
    )
    if (typeof (one as { toJSON?: unknown }).toJSON === 'function')
      texts.push(toJson((one as { toJSON(): unknown }).toJSON()))
    try {
      texts.push(inspect(structuredClone(one), { depth: 12 }))
    } catch {
      // Some hold functions; those are not cloned by anybody.
    }
    one = (one as Error).cause
  }
  return texts.join('\n')
}

interface Story {
  as?: Partial<AuthorizationServerQuirks>
  host?: Partial<HostQuirks>
  policy?: Policy
  more?: Partial<RequesterOptions>
  server?: object
}

const leak = (json: Record<string, unknown>): unknown => ({ ...json, token_type: 'marked-reason' })
const stories: Record<string, Story> = {
  success: {},
  'success, then a stale RPT': { host: { stale: { status: 401, challenge: false } } },
  denied: { policy: denyAll },
  'denied with a description that repeats what was sent': {
    as: {
      errorAnswer: () => ({
        status: 400,
        body: { error: 'invalid_grant', error_description: 'marked-reason', error_uri: 'x:marked-reason' },
      }),
    },
    policy: denyAll,
  },
  'an error that is no code': {
    as: { errorAnswer: () => ({ status: 400, body: { error: 'marked-reason!' } }) },
    policy: denyAll,
  },
  'claims pushed, not enough': { policy: onlySubjects(['nobody']) },
  'claims asked for, none': { policy: onlySubjects(['nobody']), more: { claims: () => undefined } },
  'max flows': { host: { requireExtraFlows: 9 } },
  'untrusted issuer': { server: { issuer: 'https://other.example' } },
  'issuer that carries something': {
    host: { challenge: ({ ticket }) => `UMA as_uri="https://evil.example/?t=${ticket}", ticket="${ticket}"` },
  },
  'unusable token': { as: { tokenAnswer: leak } },
  'token with CR/LF': { as: { tokenAnswer: (json) => ({ ...json, access_token: 'marked-reason\r\nx: y' }) } },
  'not JSON': { as: { tokenAnswer: () => ({ status: 200, headers: {}, body: 'marked-reason' }) } },
  'broken connection': { as: { crashOnToken: 'after' } },
  'time-out': { as: { delayMs: { token: 500 } }, more: { timeouts: { request: 50 } } },
  'metadata not to be believed': { as: { metadata: () => ({ status: 200, headers: {}, body: 'marked-reason' }) } },
  'wrong secret': { server: { client: { id: 'web-post', auth: clientSecretPost('web-post-secret-wrong') } } },
  'body not replayable': {},
}

describe.each(waysIn)('$name', ({ name, attach }) => {
  test.each(Object.entries(stories))(
    '%s',
    async (story, { as = {}, host = {}, policy = grantAll, more = {}, server = {} }) => {
      const world = await startWorld({ as: { quirks: as, policy }, host: { quirks: host } })
      const claims = () => ({ token: claim, format: 'urn:test:json' })
      const logged: unknown[] = []
      const send: Send = attach(
        world.requester(
          { claims, ...more },
          { client: { id: 'web', auth: clientSecretBasic(secret) }, pushClaims: 'first', ...server },
        ),
      )
      const body =
        story !== 'body not replayable'
          ? {}
          : {
              method: 'PUT',
              body:
                name === 'axios http' ? (await import('node:stream')).Readable.from(['x']) : new Blob(['x']).stream(),
            }
      for (let turn = 0; turn < 2; turn++) {
        await send(`${world.host.origin}${path}?${query}`, turn === 0 ? body : {}).catch((error: unknown) =>
          logged.push(error),
        )
        for (const { headers } of world.sent())
          if (headers.authorization?.startsWith('Bearer ')) world.as.revoke(headers.authorization.slice(7))
      }
      if (!story.startsWith('success')) expect(logged.length).toBeGreaterThan(0)
      const secrets = secretsOf(world)
      expect(secrets.length).toBeGreaterThan(6)
      const events = JSON.stringify(world.events)
      // The caller's own URL is the caller's to log, in axios's config; the rest is nobody's.
      const printed = logged.map(prints).join('\n')
      for (const one of secrets) {
        expect(events).not.toContain(one)
        if (one !== 'marked-query') expect(printed).not.toContain(one)
      }
    },
  )
})

test.each(['http', 'fetch'] as const)(
  'axios, %s adapter: a plain HTTP error after a flow carries no RPT either (A10)',
  async (adapter) => {
    const { attachedAxios } = await import('../ways-in/kit.ts')
    const world = await startWorld()
    world.host.quirks.answer = (answer) => (answer.status === 200 ? { status: 500, body: 'oops' } : answer)
    const error: unknown = await attachedAxios(world.requester(), { adapter })
      .get(world.host.origin + path)
      .catch((e: unknown) => e)
    expect(axios.isAxiosError(error) && error.response?.status).toBe(500)
    const rpt = world.sent().at(-1)?.headers.authorization?.slice(7) as string
    expect(rpt.length).toBeGreaterThan(10)
    expect(prints(error)).not.toContain(rpt)
  },
)
