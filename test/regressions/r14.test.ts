/** R14: `handleCallback` may be called twice with one URL, as React's StrictMode and a reloaded callback page do. */

import { describe, expect, test } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import { path, tokenRequests, umaRejection } from '../flows/kit.ts'
import { pages } from '../flows/page-kit.ts'
import { onlyPeople } from '../helpers/authorization-server.ts'
import { later } from '../helpers/later.ts'

const MINUTES = 60_000

const codeOf = async (callback: Promise<unknown>): Promise<string> => (await umaRejection(callback)).code

describe('R14: at the same time', () => {
  test('R14: both calls have the same result, and the ticket is used once', async () => {
    const { world, load, leave } = await pages()
    const back = await leave(load())
    const requester = load()
    world.recorder.clear()
    const [one, two] = await Promise.all([handleCallback(requester, back), handleCallback(requester, back)])
    expect(one.kind).toBe('ticket')
    expect(two.request).toEqual(one.request)
    expect(two.kind).toBe(one.kind)
    expect(tokenRequests(world).length).toBe(1)
    expect(world.as.stats.ticketsReplayed).toBe(0)
  })

  test('R14: a handle of the same party counts as the same', async () => {
    const { world, load, leave } = await pages()
    const back = await leave(load())
    const requester = load()
    world.recorder.clear()
    const results = await Promise.all([handleCallback(requester, back), handleCallback(requester.as('alice'), back)])
    expect(results.map(({ kind }) => kind)).toEqual(['ticket', 'ticket'])
    expect(tokenRequests(world).length).toBe(1)
  })

  test('R14: both calls fail with the same code', async () => {
    const { world, load, leave } = await pages({}, { policy: onlyPeople('bob') })
    const back = await leave(load())
    const requester = load()
    const codes = await Promise.all([codeOf(handleCallback(requester, back)), codeOf(handleCallback(requester, back))])
    expect(codes).toEqual(['request_denied', 'request_denied'])
    expect(tokenRequests(world).length).toBe(2)
  })

  test('R14: another party gets invalid_state meanwhile', async () => {
    const { load, leave } = await pages()
    const back = await leave(load())
    const requester = load()
    const mine = handleCallback(requester, back)
    expect(await codeOf(handleCallback(requester.as('bob'), back))).toBe('invalid_state')
    expect((await mine).kind).toBe('ticket')
  })
})

describe('R14: after success', () => {
  test('R14: for 10 minutes: finished, and nothing else', async () => {
    const { world, load, leave } = await pages()
    const back = await leave(load())
    const requester = load()
    await handleCallback(requester, back)
    world.recorder.clear()
    expect(await handleCallback(requester, back)).toEqual({ finished: true })
    later(9 * MINUTES)
    // The reloaded page has a requester of its own.
    expect(await handleCallback(load(), back)).toEqual({ finished: true })
    expect(world.sent()).toEqual([])
  })

  test('R14: after 10 minutes: invalid_state', async () => {
    const { load, leave } = await pages()
    const back = await leave(load())
    await handleCallback(load(), back)
    later(11 * MINUTES)
    expect(await codeOf(handleCallback(load(), back))).toBe('invalid_state')
  })

  test('R14: another party gets invalid_state', async () => {
    const { load, leave } = await pages()
    const back = await leave(load())
    await handleCallback(load(), back)
    expect(await codeOf(handleCallback(load({ requestingParty: 'bob' }), back))).toBe('invalid_state')
    expect(await codeOf(handleCallback(load().as('bob'), back))).toBe('invalid_state')
  })

  test.each(['the same requester', 'another process'])('R14: after a sign-out in %s: invalid_state', async (where) => {
    const { load, leave } = await pages()
    const back = await leave(load())
    const requester = load()
    await handleCallback(requester, back)
    await (where === 'another process' ? load() : requester).signOut()
    expect(await codeOf(handleCallback(requester, back))).toBe('invalid_state')
    expect(await codeOf(handleCallback(load(), back))).toBe('invalid_state')
  })

  test('R14: the mark holds no state, URL, ticket or token', async () => {
    const { world, storage, load, leave } = await pages({ storeRequest: true })
    const back = await leave(load(), { headers: { 'x-mine': 'marked-header' } })
    await handleCallback(load(), back)
    const marks = [...storage].filter(([key]) => key.startsWith('uma:finished:'))
    expect(marks.length).toBe(1)
    const text = JSON.stringify(marks)
    const { searchParams } = new URL(back)
    const rpt = JSON.stringify([...storage]).match(/"token\\*":\\*"([^"\\]+)/)?.[1] as string
    expect(rpt.length).toBeGreaterThan(10)
    for (const secret of [searchParams.get('state'), searchParams.get('ticket'), path, world.host.origin, rpt]) {
      expect(text).not.toContain(secret)
    }
    expect(text).not.toContain('marked-header')
  })
})

describe('R14: after a failure', () => {
  test('R14: a repeat fails with the same code, and nothing is sent', async () => {
    const { world, load, leave } = await pages({}, { policy: onlyPeople('bob') })
    const back = await leave(load())
    const requester = load()
    expect(await codeOf(handleCallback(requester, back))).toBe('request_denied')
    world.recorder.clear()
    expect(await codeOf(handleCallback(requester, back))).toBe('request_denied')
    expect(await codeOf(handleCallback(load(), back))).toBe('request_denied')
    expect(world.sent()).toEqual([])
  })

  test('R14: a person who declined', async () => {
    const { load, leave } = await pages()
    const back = await leave(load(), { action: 'decline' })
    for (const requester of [load(), load()]) {
      expect(await umaRejection(handleCallback(requester, back))).toMatchObject({
        name: 'RedirectError',
        code: 'redirect_failed',
      })
    }
  })

  test('R14: another party gets invalid_state', async () => {
    const { load, leave } = await pages({}, { policy: onlyPeople('bob') })
    const back = await leave(load())
    await codeOf(handleCallback(load(), back))
    expect(await codeOf(handleCallback(load({ requestingParty: 'bob' }), back))).toBe('invalid_state')
  })
})
