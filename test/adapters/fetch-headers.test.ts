/** The headers and the options that `requester.fetch` hands to the fetch below. */
import { describe, expect, test } from 'vitest'
import { createFetch } from '../../src/fetch.ts'
import type { RunRequest } from '../../src/request/request-driver.ts'

const url = 'https://photos.example/alice/1.jpg'
const token = { authorization: 'Bearer rpt' }

interface Sent {
  input: RequestInfo | URL
  init: RequestInit | undefined
}

/** A fetch that writes down what it receives, and a requester whose every request presents a token. */
function recording(defaults?: HeadersInit) {
  const sent: Sent[] = []
  const below: typeof fetch = async (input, init) => {
    sent.push({ input, init })
    return new Response('photo')
  }
  const run: RunRequest = (driver) => driver.send(token)
  return { sent, below, fetch: createFetch(run, () => below, defaults) }
}

const headersOf = ({ input, init }: Sent): Record<string, string> =>
  Object.fromEntries(new Request(input as string, init).headers)

describe('the caller’s Authorization is replaced, not doubled', () => {
  test.each([
    ['a plain object', { Authorization: 'Basic own', accept: 'image/jpeg' }],
    ['a plain object, lower case', { authorization: 'Basic own', accept: 'image/jpeg' }],
    ['Headers', new Headers({ Authorization: 'Basic own', accept: 'image/jpeg' })],
    ['pairs', [['AUTHORIZATION', 'Basic own'] as [string, string], ['accept', 'image/jpeg'] as [string, string]]],
  ] as [string, HeadersInit][])('%s', async (_name, headers) => {
    const { sent, fetch } = recording()
    await fetch(url, { headers })
    await fetch(new Request(url, { headers }))
    for (const one of sent) expect(headersOf(one)).toEqual({ accept: 'image/jpeg', ...token })
    expect(sent).toHaveLength(2)
  })
})

describe('default headers', () => {
  test.each([
    ['plain over plain', { 'X-Client': 'default', accept: '*/*' }, { 'x-client': 'own' }],
    ['Headers over plain', { 'X-Client': 'default', accept: '*/*' }, new Headers({ 'x-client': 'own' })],
    ['plain over Headers', new Headers({ 'X-Client': 'default', accept: '*/*' }), { 'x-client': 'own' }],
  ] as [string, HeadersInit, HeadersInit][])(
    '%s: the own header wins, whatever its case',
    async (_name, defaults, headers) => {
      const { sent, fetch } = recording(defaults)
      await fetch(url, { headers })
      await fetch(new Request(url, { headers }))
      for (const one of sent) expect(headersOf(one)).toEqual({ 'x-client': 'own', accept: '*/*', ...token })
    },
  )

  test('without own headers', async () => {
    const { sent, fetch } = recording({ 'x-client': 'default' })
    await fetch(url)
    expect(headersOf(sent[0] as Sent)).toEqual({ 'x-client': 'default', ...token })
  })
})

test('plain headers stay plain, so that nothing has to build Headers', async () => {
  const { sent, fetch } = recording()
  await fetch(url, { headers: { accept: 'image/jpeg' } })
  expect(Object.getPrototypeOf(sent[0]?.init?.headers)).toBe(Object.prototype)
})

test('the fetch below does not see `uma`', async () => {
  const { sent, fetch } = recording()
  await fetch(url, { uma: {}, method: 'PUT' })
  await fetch(url, { uma: false, method: 'PUT' })
  expect(sent.map(({ init }) => Object.keys(init ?? {}).sort())).toEqual([['headers', 'method'], ['method']])
})

test('options that cannot be captured reject, and nothing throws', async () => {
  const { sent, fetch } = recording()
  const broken = fetch(url, { headers: [['not a name', 'x']] })
  await expect(broken).rejects.toThrow(TypeError)
  expect(sent).toEqual([])
})

describe('a Request without a body', () => {
  test('its headers are captured: a later change is not sent', async () => {
    const { below, sent } = recording()
    const run: RunRequest = async (driver) => {
      await null
      return driver.send(token)
    }
    const request = new Request(url, { headers: { 'x-mine': 'before' } })
    const answer = createFetch(run, () => below)(request)
    request.headers.set('x-mine', 'after')
    await answer
    expect(headersOf(sent[0] as Sent)).toEqual({ 'x-mine': 'before', ...token })
  })

  test('its referrer policy stays', async () => {
    const { sent, fetch } = recording()
    await fetch(new Request(url, { referrerPolicy: 'no-referrer' }))
    const { input, init } = sent[0] as Sent
    expect(new Request(input as Request, init).referrerPolicy).toBe('no-referrer')
  })
})
