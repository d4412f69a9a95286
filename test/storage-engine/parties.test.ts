/** Many requesting parties on one storage: no party ever sees the tokens of another. */

import { describe, expect, test } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import { bearer, type RequesterOptions } from '../../src/index.ts'
import { pageRedirect } from '../../src/redirect/page.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import type { PolicyRequest } from '../helpers/authorization-server.ts'
import { ID_TOKEN_FORMAT } from '../helpers/authorization-server.ts'
import { repetitions } from '../helpers/long.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { backends, settled, until } from './kit.ts'

/** Names that could be mistaken for one another, or for a key of something else. */
const awkward = ({ host, as }: World): string[] => {
  const record = `${host.origin} ${as.issuer} spa`
  return [
    ...[
      'a',
      'a ',
      ' a',
      'a a',
      'a:b',
      'a%20b',
      'a b',
      'a+b',
      'A',
      'ab',
      '__proto__',
      'constructor',
      'a\nb',
      'a\0b',
      'a\0',
    ],
    ...[
      'é',
      'e\u0301',
      'ß',
      'ss',
      '名',
      '👩‍👧',
      '*',
      'a*',
      '?',
      '[a]',
      'a"b',
      "a'b",
      'a\\',
      '{a}',
      'uma:rpts:a',
      'index',
    ],
    ...[
      `a ${record}`,
      `a ${as.issuer}`,
      `a ${as.issuer} spa`,
      ` ${record}`,
      `${record} save`,
      'a save',
      'a next',
      '0',
      'null',
    ],
  ]
}

const PEOPLE = repetitions(40, 100)

/** People, their accounts by name, and a server that knows each by an access token and a claim. */
async function crowd(): Promise<{
  world: World
  names: string[]
  options: Partial<RequesterOptions>
  server: object
  wrong: string[]
}> {
  const accounts = Object.fromEntries(Array.from({ length: PEOPLE }, (_, n) => [`p${n}`, { name: `P ${n}` }]))
  const wrong: string[] = []
  const policy = ({ claims, bearerSubject, parameters }: PolicyRequest) => {
    const rpt = parameters.get('rpt')
    const owner = rpt && world.as.introspect(rpt, world.host.clientId).sub
    if (owner && owner !== bearerSubject) wrong.push(`${bearerSubject} sent the RPT of ${owner}`)
    for (const { payload } of claims)
      if (payload.sub !== bearerSubject) wrong.push(`${bearerSubject} sent claims or the PCT of ${payload.sub}`)
    return claims.length
      ? ('grant' as const)
      : { needInfo: { requiredClaims: [{ claim_token_format: [ID_TOKEN_FORMAT] }] } }
  }
  const world = await startWorld({ host: { direct: true }, as: { accounts, policy } })
  const names = awkward(world)
  while (names.length < PEOPLE) names.push(`person ${names.length}`)
  const account = (name: string | undefined): string => `p${names.indexOf(name ?? '?')}`
  const tokens = new Map<string, string>()
  for (const name of names)
    tokens.set(name, await world.as.issueAccessToken({ account: account(name), clientId: 'spa' }))
  const auth = bearer(({ requestingParty }) => tokens.get(requestingParty ?? '?') ?? 'nobody')
  const claims: RequesterOptions['claims'] = (_needed, { requestingParty }) => ({
    token: world.as.issueIdToken({ sub: account(requestingParty) }),
    format: ID_TOKEN_FORMAT,
  })
  return {
    world,
    names,
    options: { requestingParty: 'the service itself', claims },
    server: { client: { id: 'spa', auth } },
    wrong,
  }
}

/** Everybody asks for this photo at once; each presents only an RPT that was issued for them. */
async function everybody(
  { world, names, options, server, wrong }: Awaited<ReturnType<typeof crowd>>,
  storage: RequesterOptions['storage'],
  photo: number,
) {
  const service = world.requester({ ...options, ...(storage && { storage }) }, server)
  world.recorder.clear()
  const answers = await Promise.all(
    names.map(async (name, n) => {
      const response = await service
        .as(name)
        .fetch(`${world.host.origin}/alice/${photo}.jpg`, { headers: { 'x-person': `p${n}` } })
      await response.text()
      return response.status
    }),
  )
  expect(answers.filter((status) => status !== 200)).toEqual([])
  for (const { headers, status } of world.sent().filter((r) => r.server === 'host')) {
    const rpt = headers.authorization?.slice(7)
    if (rpt && status === 200) expect(world.as.introspect(rpt, world.host.clientId).sub).toBe(headers['x-person'])
    else if (rpt) expect([headers['x-person'], undefined]).toContain(world.as.introspect(rpt, world.host.clientId).sub)
  }
  expect(wrong).toEqual([])
}

const discoveries = (world: World): number => world.sent().filter(({ path }) => path.includes('.well-known')).length
const tokenRequests = (world: World): URLSearchParams[] =>
  world
    .sent()
    .filter(({ path }) => path === '/token')
    .map(({ body }) => new URLSearchParams(body.toString()))

describe.each(backends.filter(({ there }) => there))(`${PEOPLE} parties at once: $name`, ({ make }) => {
  test('each has tokens of its own, also after a restart; all share one discovery', async () => {
    const all = await crowd()
    const { world } = all
    const open = await make()
    await everybody(all, await open(), 1)
    expect(discoveries(world)).toBe(1)
    expect(tokenRequests(world)).toHaveLength(2 * PEOPLE)
    await settled()
    // Another process: the RPTs are found again.
    await everybody(all, await open(), 1)
    expect(tokenRequests(world)).toHaveLength(0)
    await settled()
    // Another place: the PCT that is stored stands for the claims, and the RPT is upgraded.
    await everybody(all, await open(), 2)
    expect(tokenRequests(world)).toHaveLength(PEOPLE)
    expect(new Set(tokenRequests(world).map((form) => form.get('pct'))).size).toBe(PEOPLE)
    expect(new Set(tokenRequests(world).map((form) => form.get('rpt'))).size).toBe(PEOPLE)
    expect(world.as.stats.ticketsReplayed).toBe(0)
  })
})

describe.each(backends.filter(({ there }) => there))('pending redirects: $name', ({ make }) => {
  test('each way back belongs to one party, also after a restart', async () => {
    const people = {
      policy: ({ account }: PolicyRequest) => (account ? ('grant' as const) : { needInfo: { redirectUser: true } }),
    }
    const world = await startWorld({ as: { ...people, quirks: { autoInteraction: 'bob' } } })
    const open = await make()
    const names = ['a', 'a ', 'b', `a ${world.host.origin}`, 'é', 'e\u0301']
    const backs: string[] = []
    const requester = async () =>
      world.requester({
        storage: await open(),
        requestingParty: 'the service itself',
        redirectUri: 'https://app.example.com/callback',
        onRedirect: {
          open: (context) =>
            pageRedirect({
              async navigate(url) {
                const { headers } = await fetch(url, { redirect: 'manual' })
                backs[names.indexOf(context.requestingParty as string)] = headers.get('location') as string
              },
            }).open(context),
        },
      })
    const before = await requester()
    for (const name of names)
      before
        .as(name)
        .fetch(`${world.host.origin}/alice/1.jpg`)
        .catch(() => {})
    await until(() => backs.filter(Boolean).length === names.length)
    const after = await requester()
    for (const [n, back] of backs.entries()) {
      const others = names.filter((_, other) => other !== n)
      for (const other of others)
        await expect(handleCallback(after.as(other), back)).rejects.toMatchObject({ code: 'invalid_state' })
      expect((await handleCallback(after.as(names[n] as string), back)).kind).toBe('ticket')
      expect(await handleCallback(after.as(names[n] as string), back)).toEqual({ finished: true })
    }
    world.recorder.clear()
    for (const name of names) expect((await after.as(name).fetch(`${world.host.origin}/alice/1.jpg`)).status).toBe(200)
    expect(new Set(world.sent().map(({ headers }) => headers.authorization)).size).toBe(names.length)
  })
})

describe('keys', () => {
  const fill = async (name: string): Promise<string[]> => {
    const world = await startWorld()
    const storage = new Map<string, string>()
    const requester = world.requester({
      storage: keyValueStorage(storage),
      ...(name === 'undefined' ? {} : { requestingParty: name }),
    })
    expect((await requester.fetch(`${world.host.origin}/alice/1.jpg`)).status).toBe(200)
    await settled()
    return [...storage.keys()].map((key) => key.replaceAll(world.host.origin, 'HOST').replaceAll(world.as.issuer, 'AS'))
  }
  test('the nameless party is not the one whose name is empty', async () => {
    const [nameless, empty] = await Promise.all([fill('undefined'), fill('')])
    expect(nameless?.filter((key) => empty?.includes(key))).toEqual([])
  })
  test('two broken surrogates stay two parties where keys are stored as UTF-8', async () => {
    const keys = await Promise.all([fill('\ud800'), fill('\ud801')])
    const [one, other] = keys.map((list) => list.map((key) => Buffer.from(key).toString()))
    expect(one?.filter((key) => other?.includes(key))).toEqual([])
  })
})
