/** `signOut()`: revokes what the AS can revoke, forgets all of it, and touches nobody else (G-3.7-a, RFC 7009). */

import { describe, expect, test } from 'vitest'
import { clientSecretBasic } from '../../src/index.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { startWorld } from '../helpers/world.ts'
import { claim, path, REDIRECT_URI, rejection, revocations, tick, tokenRequests, until, visit } from './kit.ts'
import { opens, other, signedIn } from './sign-out-kit.ts'

test('G-3.7-a: RPT, refresh token and PCT are revoked, each with its hint, as the client', async () => {
  const { world, requester, rpt, refresh, pct } = await signedIn()
  await requester.signOut()
  expect(
    revocations(world)
      .map((form) => [form.get('token_type_hint'), form.get('token')])
      .toSorted(),
  ).toEqual([
    ['access_token', rpt],
    ['pct', pct],
    ['refresh_token', refresh],
  ])
  expect(revocations(world).map((form) => form.get('client_id'))).toEqual(['spa', 'spa', 'spa'])
  expect(world.as.grants(rpt)).toEqual([])
  expect(world.events).toEqual([])
})

test('a confidential client authenticates for it', async () => {
  const { world, requester, rpt } = await signedIn(
    {},
    {},
    { client: { id: 'web', auth: clientSecretBasic('web-secret') } },
  )
  await requester.signOut()
  for (const { headers } of world.sent().filter((r) => r.path === '/revoke'))
    expect(headers.authorization).toMatch(/^Basic /)
  expect(world.as.grants(rpt)).toEqual([])
})

test('nothing of it is ever presented again', async () => {
  const { world, requester, rpt, refresh, pct } = await signedIn()
  await requester.signOut()
  expect(await opens(world, requester)).toEqual([
    `GET host ${path} 401`,
    'POST as /token 403',
    'POST as /token 200',
    `GET host ${path} 200`,
  ])
  for (const one of [rpt, refresh, pct]) expect(world.recorder.containing(one)).toEqual([])
  expect(tokenRequests(world).some((form) => form.has('rpt') || form.has('pct'))).toBe(false)
})

test('several RPTs: all of them', async () => {
  const { world, requester } = await signedIn()
  await opens(world, requester, other)
  world.recorder.clear()
  await requester.signOut()
  expect(
    revocations(world)
      .map((form) => form.get('token_type_hint'))
      .toSorted(),
  ).toEqual(['access_token', 'access_token', 'pct', 'refresh_token', 'refresh_token'])
})

test('other parties are untouched', async () => {
  const { world, requester } = await signedIn()
  const bob = requester.as('bob')
  await opens(world, bob)
  await requester.signOut()
  expect(await opens(world, bob)).toEqual([`GET host ${path} 200`])
  expect((await opens(world, requester)).length).toBe(4)
})

test('nothing held: nothing is sent', async () => {
  const world = await startWorld()
  await world.requester({ requestingParty: 'alice' }).signOut()
  expect(world.sent()).toEqual([])
})

test('twice: the second time there is nothing left', async () => {
  const { world, requester } = await signedIn()
  await Promise.all([requester.signOut(), requester.signOut()])
  expect(revocations(world).length).toBe(3)
})

describe('what cannot be revoked is forgotten all the same', () => {
  const answers: [string, boolean, (() => Response | Promise<Response>) | undefined][] = [
    ['no revocation endpoint', false, undefined],
    ['503', true, () => new Response('', { status: 503 })],
    ['400 unsupported_token_type', true, () => Response.json({ error: 'unsupported_token_type' }, { status: 400 })],
    ['401 invalid_client', true, () => Response.json({ error: 'invalid_client' }, { status: 401 })],
    ['a network fault', true, () => Promise.reject(new TypeError('fetch failed'))],
  ]
  test.each(answers)('%s (an event: %s)', async (_what, event, answer) => {
    const faulty: typeof fetch = (input, init) =>
      answer && String(input).endsWith('/revoke') ? Promise.resolve(answer()) : fetch(input, init)
    const quirks = answer
      ? {}
      : { metadata: (json: Record<string, unknown>) => ({ ...json, revocation_endpoint: undefined }) }
    const { world, requester, rpt, refresh, pct } = await signedIn(quirks, { fetch: faulty })
    await requester.signOut()
    expect(world.events.map(({ type }) => type)).toEqual(
      event ? ['revocation-failed', 'revocation-failed', 'revocation-failed'] : [],
    )
    if (event) expect(world.events[0]).toEqual({ type: 'revocation-failed', issuer: world.as.issuer })
    await opens(world, requester)
    for (const one of [rpt, refresh, pct]) expect(world.recorder.containing(one)).toEqual([])
  })

  test('a revocation endpoint that may not be sent secrets (http) is none', async () => {
    const { world, requester } = await signedIn({
      metadata: (json) => ({ ...json, revocation_endpoint: 'http://as.example.com/revoke' }),
    })
    await requester.signOut()
    expect(world.sent()).toEqual([])
  })

  test('an AS that hangs: timeouts.request', async () => {
    const hangs: typeof fetch = (input, init) =>
      String(input).endsWith('/revoke')
        ? new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
        : fetch(input, init)
    const { world, requester } = await signedIn({}, { fetch: hangs, timeouts: { request: 1_000 } })
    await requester.signOut()
    expect(world.events.filter(({ type }) => type === 'revocation-failed').length).toBe(3)
  })

  test('a client authentication that throws (signed out elsewhere already)', async () => {
    let gone = false
    const auth = (_as: unknown, client: { client_id: string }, body: URLSearchParams): void => {
      if (gone) throw new Error('no session')
      body.set('client_id', client.client_id)
    }
    const { world, requester } = await signedIn({}, {}, { client: { id: 'spa', auth } })
    gone = true
    await requester.signOut()
    expect(world.events.filter(({ type }) => type === 'revocation-failed').length).toBe(3)
  })

  test('a resolver that throws', async () => {
    const world = await startWorld()
    let fails = false
    const requester = world.requester({
      authorizationServers: async (issuer) => {
        if (fails) throw new Error('directory is down')
        return { issuer, hosts: [world.host.origin], client: { id: 'spa' }, allowPrivate: true }
      },
      requestingParty: 'alice',
    })
    expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    fails = true
    await requester.signOut()
    fails = false
    expect((await opens(world, requester)).length).toBe(3)
  })

  test('an AS that is trusted no more gets nothing', async () => {
    const storage = new Map<string, string>()
    const { world, rpt } = await signedIn({}, { storage: keyValueStorage(storage) })
    const requester = world.requester(
      { storage: keyValueStorage(storage), requestingParty: 'alice' },
      { issuer: 'https://other.example' },
    )
    await requester.signOut()
    expect(world.recorder.containing(rpt)).toEqual([])
    expect(JSON.stringify([...storage])).not.toContain(rpt)
  })
})

describe('storage', () => {
  test('holds nothing of it afterwards; another tab finds out before its next flow', async () => {
    const storage = new Map<string, string>()
    const { world, requester, rpt, refresh, pct } = await signedIn({}, { storage: keyValueStorage(storage) })
    const tab = world.requester({ storage: keyValueStorage(storage), requestingParty: 'alice', claims: () => claim() })
    expect(await opens(world, tab)).toEqual([`GET host ${path} 200`])
    await requester.signOut()
    for (const one of [rpt, refresh, pct]) expect(JSON.stringify([...storage])).not.toContain(one)
    await opens(world, tab, other)
    expect(tokenRequests(world).some((form) => form.has('rpt') || form.has('pct'))).toBe(false)
  })

  test('what another process has stored is revoked too', async () => {
    const storage = new Map<string, string>()
    const { world, rpt } = await signedIn({}, { storage: keyValueStorage(storage) })
    await world.requester({ storage: keyValueStorage(storage), requestingParty: 'alice' }).signOut()
    expect([revocations(world).length, world.as.grants(rpt)]).toEqual([3, []])
  })
})

describe('flows under way', () => {
  test('a token that arrives after it is kept for nobody', async () => {
    const { world, requester } = await signedIn()
    world.as.quirks.delayMs = { token: 150 }
    const late = requester.fetch(world.host.origin + other).catch(() => {})
    await until(() => tokenRequests(world).length > 0)
    await requester.signOut()
    await late
    world.as.quirks.delayMs = {}
    const rpts = world.sent().flatMap(({ headers }) => headers.authorization?.slice(7) ?? [])
    for (const at of [path, other]) {
      world.recorder.clear()
      await requester.fetch(world.host.origin + at)
      for (const rpt of rpts) expect(world.recorder.containing(rpt)).toEqual([])
      expect(tokenRequests(world)[0]?.has('pct')).toBe(at === other)
    }
  })

  test('a person who comes back after it (own handler): the flow ends, nothing is granted', async () => {
    const world = await startWorld({
      as: { policy: ({ account }) => (account ? 'grant' : { needInfo: { redirectUser: true } }) },
    })
    let asked = ''
    let back = (_url: string): void => {}
    const onRedirect = ({ url }: { url: string }): Promise<string> => {
      asked = url
      return new Promise((resolve) => {
        back = resolve
      })
    }
    const requester = world.requester({
      onRedirect,
      redirectUri: REDIRECT_URI,
      requestingParty: 'alice',
    })
    const sent = rejection(requester.fetch(world.host.origin + path))
    await until(() => asked !== '')
    await requester.signOut()
    back(await visit(asked))
    expect(await sent).toBeInstanceOf(Error)
    await tick(20)
    expect(tokenRequests(world).length).toBe(1)
  })
})
