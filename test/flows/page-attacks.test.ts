/** Callbacks that are not what they seem (Grant §3.3.3, §5.1): each fails, and leaves the right one unharmed. */

import { describe, expect, test, vi } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import { findUmaError, type Requester } from '../../src/index.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { grantAll } from '../helpers/authorization-server.ts'
import { path, REDIRECT_URI, rejection, tokenRequests } from './kit.ts'
import { pages, pendingIn } from './page-kit.ts'

const codeOf = async (callback: Promise<unknown>): Promise<string> => {
  const error = await rejection(callback)
  const known = findUmaError(error)
  if (!known) throw error
  return known.code
}
const changed = (url: string, change: (parameters: URLSearchParams) => void): string => {
  const copy = new URL(url)
  change(copy.searchParams)
  return copy.href
}
const finishes = async (requester: Requester, url: string): Promise<void> => {
  expect((await handleCallback(requester, url)).kind).toBe('ticket')
}

describe('nobody waits for it: invalid_state, nothing is sent, and the right one can still finish', () => {
  test.each([
    ['foreign', (back: string) => changed(back, (p) => p.set('state', 'c3RhdGUtb2Ytc29tZWJvZHktZWxzZQ'))],
    ['missing', (back: string) => changed(back, (p) => p.delete('state'))],
    ['empty', (back: string) => changed(back, (p) => p.set('state', ''))],
    ['not the first of two', (back: string) => back.replace('?', '?state=evil&')],
    ['with the name of another record', (back: string) => changed(back, (p) => p.set('state', '../epoch:alice'))],
    ['of an object', (back: string) => changed(back, (p) => p.set('state', '__proto__'))],
  ])('G-3.3.3-c: state %s', async (_what, make) => {
    const { world, storage, load, leave } = await pages()
    const back = await leave(load())
    world.recorder.clear()
    expect(await codeOf(handleCallback(load(), make(back)))).toBe('invalid_state')
    expect([world.sent(), pendingIn(storage).length]).toEqual([[], 1])
    await finishes(load(), back)
  })

  test.each(['', 'garbage', '/callback', REDIRECT_URI, `${REDIRECT_URI}?error=access_denied`])(
    'a URL without anything: %j',
    async (url) => {
      const { load } = await pages()
      expect(await codeOf(handleCallback(load(), url))).toBe('invalid_state')
    },
  )

  test('G-5.2-c: another requesting party (the user switched in between)', async () => {
    const { world, storage, load, leave } = await pages()
    const back = await leave(load())
    world.recorder.clear()
    for (const who of [load({ requestingParty: 'bob' }), load().as('bob'), load({ requestingParty: '' })]) {
      expect(await codeOf(handleCallback(who, back))).toBe('invalid_state')
    }
    expect([world.sent(), pendingIn(storage).length]).toEqual([[], 1])
    await finishes(load(), back)
    // The token is in the right wallet, and in no other.
    world.as.policy = () => 'deny'
    expect((await load().fetch(world.host.origin + path)).status).toBe(200)
    expect(await codeOf(load({ requestingParty: 'bob' }).fetch(world.host.origin + path))).toBe('request_denied')
  })

  test('G-5.1-c: a callback that an attacker has started elsewhere (another browser, another storage)', async () => {
    const { load, leave } = await pages()
    const back = await leave(load(), { login: 'bob' })
    expect(await codeOf(handleCallback(load({ storage: keyValueStorage(new Map()) }), back))).toBe('invalid_state')
  })
})

describe('G-3.3.3-i: a state is good once', () => {
  test('replayed after success', async () => {
    const { world, load, leave } = await pages()
    const back = await leave(load())
    await finishes(load(), back)
    world.recorder.clear()
    for (const requester of [load(), load()]) expect(await handleCallback(requester, back)).toEqual({ finished: true })
    expect(world.sent()).toEqual([])
  })

  test('called twice at once (a page that renders twice): both get the one outcome', async () => {
    const { world, load, leave } = await pages()
    const requester = load()
    const back = await leave(requester)
    const outcomes = await Promise.allSettled([handleCallback(requester, back), handleCallback(requester, back)])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(world.as.stats.ticketsReplayed).toBe(0)
  })

  test.each([
    [
      'G-3.3.3-e: error',
      'redirect_failed',
      (back: string) => changed(back, (p) => p.delete('ticket')).concat('&error=access_denied'),
    ],
    ['G-3.3.3-g: two tickets', 'redirect_failed', (back: string) => changed(back, (p) => p.append('ticket', 'evil'))],
    ['G-3.3.3-g: two states', 'redirect_failed', (back: string) => changed(back, (p) => p.append('state', 'evil'))],
    [
      'G-3.3.3-h: iss of another AS',
      'redirect_failed',
      (back: string) => changed(back, (p) => p.set('iss', 'https://evil.example')),
    ],
    ['G-3.3.3-a: no ticket', 'redirect_failed', (back: string) => changed(back, (p) => p.delete('ticket'))],
    [
      'G-3.3.3-a: the ticket that was sent',
      'redirect_failed',
      (back: string, sent: string) => changed(back, (p) => p.set('ticket', sent)),
    ],
  ])('%s: %s, nothing is sent, and the state is used up', async (_what, code, make) => {
    const { world, storage, urls, load, leave } = await pages()
    const back = await leave(load())
    world.recorder.clear()
    const sent = new URL(urls[0] as string).searchParams.get('ticket') as string
    expect(await codeOf(handleCallback(load(), make(back, sent)))).toBe(code)
    // The same state again fails with the same code, and sends nothing.
    expect(await codeOf(handleCallback(load(), back))).toBe(code)
    expect([world.sent(), pendingIn(storage)]).toEqual([[], []])
  })

  test('a person who declines: RedirectError, and the next request can ask again', async () => {
    const { load, leave } = await pages()
    expect(await codeOf(handleCallback(load(), await leave(load(), { action: 'decline' })))).toBe('redirect_failed')
    await finishes(load(), await leave(load()))
  })
})

describe('G-3.3.3-f: a person who comes back too late', () => {
  test('timeouts.flow is over: invalid_state, and the record is gone', async () => {
    const { world, storage, load, leave } = await pages()
    const back = await leave(load({ timeouts: { flow: 60_000 } }))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_001 })
    try {
      world.recorder.clear()
      const error = await rejection(handleCallback(load(), back))
      expect(error).toMatchObject({ name: 'InvalidStateError', code: 'invalid_state' })
      expect([world.sent(), pendingIn(storage)]).toEqual([[], []])
    } finally {
      vi.useRealTimers()
    }
  })

  test('just in time is fine', async () => {
    const { load, leave } = await pages()
    const back = await leave(load({ timeouts: { flow: 60_000 } }))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 55_000 })
    try {
      await finishes(load(), back)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('the configuration has changed in between: nothing is sent', () => {
  test.each([
    ['the AS is gone', { issuer: 'https://other.example' }],
    ['it may not speak for that host any more', { hosts: ['https://photos.example.com'] }],
    ['the client is another', { client: { id: 'other' } }],
  ])('%s', async (_what, server) => {
    const { world, load, leave } = await pages()
    const back = await leave(load())
    world.recorder.clear()
    expect(await codeOf(handleCallback(load({}, server), back))).toBe('untrusted_authorization_server')
    expect(world.sent()).toEqual([])
  })
})

describe('what storage holds is not trusted either', () => {
  test.each([
    '',
    'null',
    '[]',
    '{',
    '{"v":1}',
    '{"v":2,"party":"alice","epoch":"0","request":{"url":"https://evil.example"}}',
    '"x"',
  ])('a record that says %j', async (text) => {
    const { world, storage, load, leave } = await pages()
    const back = await leave(load())
    storage.set(pendingIn(storage)[0]?.[0] as string, text)
    world.recorder.clear()
    expect(await codeOf(handleCallback(load(), back))).toBe('invalid_state')
    expect(world.sent()).toEqual([])
  })
})

describe('signOut() voids what is under way', () => {
  test.each(['the page that left', 'the page that came back', 'another party'])('%s', async (who) => {
    const { world, load, leave } = await pages()
    const [before, after] = [load(), load()]
    const back = await leave(before)
    await { 'the page that left': before, 'the page that came back': after, 'another party': after.as('bob') }[
      who
    ]?.signOut()
    world.recorder.clear()
    if (who === 'another party') await finishes(after, back)
    else {
      expect(await codeOf(handleCallback(after, back))).toBe('invalid_state')
      expect(world.sent()).toEqual([])
    }
  })

  test('a redirect after it is a new one', async () => {
    const { load, leave } = await pages()
    const requester = load()
    await requester.signOut()
    await finishes(load(), await leave(requester))
  })
})

test('the resource of the callback is opened for its own place and host alone', async () => {
  const { world, load, leave } = await pages()
  const back = await leave(load())
  const requester = load()
  await finishes(requester, back)
  world.as.policy = grantAll
  world.recorder.clear()
  expect((await requester.fetch(`${world.host.origin}/carol/1.jpg`)).status).toBe(200)
  expect(tokenRequests(world).length).toBe(1)
})
