import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { introspection } from '../../src/host/introspection.ts'
import { sha256 } from '../../src/host/sha256.ts'
import type { HostOptions, ProtectedResource } from '../../src/host/types.ts'

const of = (owner: string): ProtectedResource => ({
  id: 'r',
  pattern: '/r',
  owner,
  scopes: ['read'],
  description: { resource_scopes: ['read'] },
})
const alice = of('alice')
const seconds = () => Date.now() / 1000

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A validation, and what it asked. */
function setup(answer: (token: string) => unknown = () => ({ active: true }), cache: HostOptions['cache'] = {}) {
  const asked: string[] = []
  const validate = introspection(
    async (owner, token) => {
      asked.push(`${owner} ${token}`)
      return answer(token) as Record<string, unknown> | undefined
    },
    { cache },
  )
  return { asked, validate }
}

describe('F-5-a, F-5.1.1-g: what is remembered of an introspection', () => {
  test.each([
    [{ active: 'true' }],
    [{ active: 1 }],
    [{ active: false, permissions: [{ resource_id: 'r', resource_scopes: ['read'] }] }],
    [{}],
    [undefined],
  ])('F-5.1.1-d: %j is not active', async (answer) => {
    const { validate } = setup(() => answer)
    expect(await validate('t', alice)).toBeUndefined()
  })

  test('asked once, answered at once from then on, until the time is over', async () => {
    const { asked, validate } = setup()
    expect(await validate('t', alice)).toMatchObject({ claims: { active: true } })
    vi.advanceTimersByTime(29_999)
    expect(validate('t', alice)).toMatchObject({ claims: { active: true } })
    expect(asked).toEqual(['alice t'])
    vi.advanceTimersByTime(1)
    await validate('t', alice)
    expect(asked).toHaveLength(2)
  })

  test('never past exp', async () => {
    const { asked, validate } = setup(() => ({ active: true, exp: seconds() + 5 }))
    await validate('t', alice)
    vi.advanceTimersByTime(4_999)
    expect(validate('t', alice)).not.toBeInstanceOf(Promise)
    vi.advanceTimersByTime(1)
    await validate('t', alice)
    expect(asked).toHaveLength(2)
  })

  test('one that has ended already is not kept at all', async () => {
    const { asked, validate } = setup(() => ({ active: true, exp: seconds() }))
    await validate('t', alice)
    await validate('t', alice)
    expect(asked).toHaveLength(2)
  })

  test('a refusal is believed for a shorter time', async () => {
    const { asked, validate } = setup(() => ({ active: false }))
    await validate('t', alice)
    vi.advanceTimersByTime(1_999)
    expect(await validate('t', alice)).toBeUndefined()
    expect(asked).toHaveLength(1)
    vi.advanceTimersByTime(1)
    await validate('t', alice)
    expect(asked).toHaveLength(2)
  })

  test('F-5.1-a: each owner’s PAT asks for itself', async () => {
    const { asked, validate } = setup()
    await validate('t', alice)
    await validate('t', of('bob'))
    await validate('t', of('bob'))
    expect(asked).toEqual(['alice t', 'bob t'])
  })

  test('bounded; the one used least recently goes, and refusals drive out nothing', async () => {
    const { asked, validate } = setup((token) => ({ active: !token.startsWith('bad') }), { max: 3 })
    for (const token of ['a', 'b', 'c']) await validate(token, alice)
    vi.advanceTimersByTime(1_000)
    await validate('a', alice)
    for (let i = 0; i < 50; i++) await validate(`bad${i}`, alice)
    await validate('d', alice)
    asked.length = 0
    for (const token of ['a', 'c', 'd']) await validate(token, alice)
    expect(asked).toEqual([])
    await validate('b', alice)
    expect(asked).toEqual(['alice b'])
  })

  test('one question at a time for one token; a failure is not remembered', async () => {
    let fail = true
    const { asked, validate } = setup(() => {
      if (fail) throw new Error('down')
      return { active: true }
    })
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => validate('t', alice)))
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
    expect(asked).toHaveLength(1)
    fail = false
    expect(await validate('t', alice)).toBeDefined()
  })

  test('fresh: asked again, and what comes is remembered', async () => {
    let scopes = ['read']
    const { asked, validate } = setup(() => ({
      active: true,
      permissions: [{ resource_id: 'r', resource_scopes: scopes }],
    }))
    await validate('t', alice)
    scopes = ['read', 'write']
    validate.ticketIssued?.('t', alice)
    expect(await validate('t', alice, true)).toMatchObject({ permissions: [{ resource_scopes: scopes }] })
    expect(await validate('t', alice)).toMatchObject({ permissions: [{ resource_scopes: scopes }] })
    expect(asked).toHaveLength(2)
  })

  test('fresh is never an answer to what was asked before; those who wait share the next', async () => {
    const answers: ((value: unknown) => void)[] = []
    const { asked, validate } = setup(() => new Promise((resolve) => answers.push(resolve)))
    const first = validate('t', alice)
    const fresh = [validate('t', alice, true), validate('t', alice, true), validate('t', alice, true)]
    await expect.poll(() => answers).toHaveLength(1)
    answers[0]?.({ active: true, sub: 'old' })
    expect(await first).toMatchObject({ subject: 'old' })
    await expect.poll(() => answers).toHaveLength(2)
    answers[1]?.({ active: true, sub: 'new' })
    for (const facts of await Promise.all(fresh)) expect(facts).toMatchObject({ subject: 'new' })
    expect(asked).toHaveLength(2)
    expect(await validate('t', alice)).toMatchObject({ subject: 'new' })
  })

  test('fresh: at most once a second, and at once after a ticket; those who wait share the next answer', async () => {
    const { asked, validate } = setup()
    await validate('t', alice)
    const waiting = [validate('t', alice, true), validate('t', alice, true)]
    await vi.advanceTimersByTimeAsync(999)
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toHaveLength(2)
    await Promise.all(waiting)

    const next = validate('t', alice, true)
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toHaveLength(2)
    validate.ticketIssued?.('t', alice)
    await next
    expect(asked).toHaveLength(3)

    validate.ticketIssued?.('t', alice)
    validate.ticketIssued?.('t', alice)
    await validate('t', alice, true)
    await validate('t', alice, true)
    expect(asked).toHaveLength(5)
    const again = validate('t', alice, true)
    await vi.advanceTimersByTimeAsync(500)
    expect(asked).toHaveLength(5)
    await vi.advanceTimersByTimeAsync(500)
    await again
    expect(asked).toHaveLength(6)
  })

  test('a token that is revoked meanwhile is forgotten when asked afresh', async () => {
    let active = true
    const { validate } = setup(() => ({ active }))
    await validate('t', alice)
    active = false
    validate.ticketIssued?.('t', alice)
    expect(await validate('t', alice, true)).toBeUndefined()
    expect(await validate('t', alice)).toBeUndefined()
  })
})

test('the hash is known at once on Node, and is SHA-256', () => {
  expect(sha256('abc')).toBe('ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=')
})

test('without Node: the platform’s own', async () => {
  vi.resetModules()
  vi.stubGlobal('process', undefined)
  try {
    const { sha256: elsewhere } = await import('../../src/host/sha256.ts')
    expect(await elsewhere('abc')).toBe('ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=')
  } finally {
    vi.unstubAllGlobals()
  }
})
