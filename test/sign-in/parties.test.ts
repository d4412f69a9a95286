/** Two people at once: each with a sign-in, tokens and redirects of their own, in whatever order they come back. */

import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import { clientSecretPost, type RedirectRequest, type Requester } from '../../src/index.ts'
import { inspect as inspectParty } from '../../src/inspect.ts'
import { pageRedirect } from '../../src/redirect/page.ts'
import { codeFlow } from '../../src/sign-in.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import type { Policy } from '../helpers/authorization-server.ts'
import type { World } from '../helpers/world.ts'
import { bearerOf, keycloak, listening, people, person, rejection, type TokenCall, tokenRequests } from './kit.ts'

/** Everybody may see their own, and has to say so at the claims page besides. */
const own: Policy = ({ bearerSubject, account, parameters }) => {
  if (account === undefined && !parameters.has('rpt')) return { needInfo: { redirectUser: true } }
  return account === undefined || account === bearerSubject ? 'grant' : 'deny'
}

test('both sign in, and the answers come back in the wrong order', async () => {
  const { world, requester } = await keycloak(own)
  const { calls, send } = listening()
  const codes = new Map<string, string>()
  const waiting: (() => void)[] = []
  const visits = { alice: person('alice'), bob: person('bob') }
  const app = requester({
    fetch: send,
    onRedirect: async ({ url, requestingParty }: RedirectRequest) => {
      const who = requestingParty as 'alice' | 'bob'
      const back = await visits[who](url)
      codes.set(new URL(back).searchParams.get('code') ?? '', who)
      // Nobody goes on before everybody is back; then the last comes first.
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
        if (waiting.length === 2) for (const go of waiting.splice(0).reverse()) go()
      })
      return back
    },
  })
  const names = ['1', '2', '3']
  const [alices, bobs] = await Promise.all(
    ['alice', 'bob'].map((who) =>
      Promise.all(names.map((name) => app.as(who).fetch(`${world.host.origin}/${who}/${name}.jpg`))),
    ),
  )
  expect([...(alices ?? []), ...(bobs ?? [])].map(({ status }) => status)).toEqual(Array(6).fill(200))
  const owners = new Map<string, string>()
  for (const { form, answer } of calls)
    if (form.code) owners.set(answer.access_token ?? '', codes.get(form.code) ?? expect.fail('a code of nobody'))
  expect([...owners.values()].sort()).toEqual(['alice', 'bob'])
  // Who asked for an RPT is whom the host then saw with it.
  const rpts = new Map<string, string>()
  for (const { form, bearer, answer } of calls.filter(({ form }) => form.ticket)) {
    const who = owners.get(bearer) ?? expect.fail('a token request of nobody')
    if (form.rpt) expect(rpts.get(form.rpt)).toBe(who)
    if (answer.access_token) rpts.set(answer.access_token, who)
  }
  const opened = world.recorder.to('host', ({ status }) => status === 200)
  expect(opened.length).toBe(6)
  for (const request of opened) expect(request.path.startsWith(`/${rpts.get(bearerOf(request))}/`)).toBe(true)
})

test('Bob cannot finish what Alice has begun, nor the other way round', async () => {
  const { world, requester } = await keycloak()
  const storage = new Map<string, string>()
  const left = new Map<string, string>()
  class Away extends Error {}
  const app = requester({
    storage: keyValueStorage(storage),
    onRedirect: {
      open: (context) =>
        pageRedirect({
          navigate(url) {
            left.set(context.requestingParty ?? '', url)
            throw new Away()
          },
        }).open(context),
    },
  })
  const url = `${world.host.origin}/alice/1.jpg`
  const parties: Record<string, Requester> = { alice: app.as('alice'), bob: app.as('bob') }
  for (const who of ['alice', 'bob']) await expect(parties[who]?.fetch(url)).rejects.toThrow(Away)
  const backs = new Map<string, string>()
  for (const [who, away] of left) backs.set(who, await person(who)(away))
  for (const [who, other] of [
    ['alice', 'bob'],
    ['bob', 'alice'],
  ] as const)
    await expect(handleCallback(parties[who] as Requester, backs.get(other) ?? '')).rejects.toMatchObject({
      code: 'invalid_state',
    })
  expect(tokenRequests(world)).toEqual([])
  for (const who of ['bob', 'alice']) {
    expect(await handleCallback(parties[who] as Requester, backs.get(who) ?? '')).toMatchObject({ kind: 'code' })
    expect((await parties[who]?.fetch(url))?.status).toBe(200)
  }
})

describe('no secret of a sign-in leaves for where it does not belong', () => {
  const named = [
    'code',
    'code_verifier',
    'state',
    'nonce',
    'ticket',
    'access_token',
    'refresh_token',
    'id_token',
    'rpt',
  ]
  const secretsOf = (world: World, calls: TokenCall[]): string[] =>
    [
      ...new Set([
        ...world.recorder.requests.flatMap(({ path }) => {
          const { searchParams } = new URL(path, 'http://localhost')
          return named.map((name) => searchParams.get(name) ?? '')
        }),
        ...calls.flatMap(({ form, answer, bearer }) => [
          bearer,
          ...named.flatMap((name) => [form[name], answer[name]]),
        ]),
      ]),
    ].filter((secret): secret is string => !!secret && secret.length > 8)

  test('events, errors, inspections, and requests to the host', async () => {
    const { world, requester, url } = await keycloak()
    const { calls, send } = listening()
    const told: unknown[] = []
    const app = requester({ onRedirect: people('alice'), fetch: send })
    expect((await app.fetch(url)).status).toBe(200)
    for (const [change, server] of [
      [(back: URL) => back.searchParams.set('iss', 'https://evil.example'), {}],
      [(back: URL) => back.searchParams.set('code', 'another'), {}],
      [(back: URL) => back.searchParams.set('state', 'another'), {}],
      [() => {}, { signIn: codeFlow({ scope: 'openid', auth: clientSecretPost('secret-of-the-app') }) }],
    ] as const) {
      const visit = person('alice')
      const onRedirect = async ({ url: away }: RedirectRequest) => {
        const back = new URL(await visit(away))
        change(back)
        return back.href
      }
      const error = await rejection(requester({ onRedirect, fetch: send }, server).fetch(url))
      told.push(String(error), JSON.stringify(error), inspect(error, { depth: 9 }))
    }
    told.push(JSON.stringify(world.events), JSON.stringify(await inspectParty(app)))
    const text = told.join('\n')
    const secrets = secretsOf(world, calls)
    expect(secrets.length).toBeGreaterThan(12)
    expect([...secrets, 'secret-of-the-app'].filter((secret) => text.includes(secret))).toEqual([])
    const rpts = calls.filter(({ form }) => form.ticket).map(({ answer }) => answer.access_token)
    for (const request of world.recorder.to('host')) {
      const bearerSent = bearerOf(request)
      if (bearerSent) expect(rpts).toContain(bearerSent)
    }
  })
})
