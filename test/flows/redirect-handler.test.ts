/** The caller's own redirect handler: what it may do, and what it may get wrong. */
import { describe, expect, test } from 'vitest'
import {
  InteractionRequiredError,
  RedirectError,
  type RedirectRequest,
  type RequesterOptions,
} from '../../src/index.ts'
import { onlyPeople, onlySubjects } from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { byFetch, type Send, waysIn } from '../ways-in/kit.ts'
import {
  asksFor,
  claim,
  newClaims,
  path,
  person,
  REDIRECT_URI,
  rejection,
  responseOfCode,
  tick,
  tokenRequests,
  types,
  umaErrorOf,
  umaRejection,
  until,
  withPerson,
} from './kit.ts'

const people = () => startWorld({ as: { policy: onlyPeople('alice', 'bob') } })
const sender = (world: World, more: Partial<RequesterOptions>): Send => byFetch.attach(world.requester(more))

describe.each(waysIn)('$name', ({ attach }) => {
  test('no handler: InteractionRequiredError, with the answer', async () => {
    const world = await people()
    const failure = await rejection(attach(world.requester())(world.host.origin + path))
    expect(umaErrorOf(failure)).toBeInstanceOf(InteractionRequiredError)
    expect(umaErrorOf(failure)).toMatchObject({ code: 'interaction_required', issuer: world.as.issuer })
    expect(await responseOfCode(failure)).toBe(401)
  })

  test('interactive: false: InteractionRequiredError now, and on the click it works', async () => {
    const world = await people()
    const alice = person()
    const send = attach(world.requester(withPerson(alice)))
    expect((await umaRejection(send(world.host.origin + path, { uma: { interactive: false } }))).code).toBe(
      'interaction_required',
    )
    expect(alice.asked).toEqual([])
    expect(types(world.events)).not.toContain('redirect')
    expect((await send(world.host.origin + path)).status).toBe(200)
    expect(alice.asked.length).toBe(1)
    expect((await send(world.host.origin + path, { uma: { interactive: false } })).status).toBe(200)
    expect(world.as.stats.ticketsReplayed).toBe(0)
  })

  test('what a handler throws is what the request rejects with', async () => {
    const world = await people()
    const fault = new RedirectError('Gave up')
    const send = attach(world.requester({ redirectUri: REDIRECT_URI, onRedirect: () => Promise.reject(fault) }))
    expect(umaErrorOf(await rejection(send(world.host.origin + path))).message).toBe('Gave up')
  })
})

test('interactive: false does not keep claims from being pushed', async () => {
  const world = await startWorld({ as: { policy: onlySubjects(['alice']) } })
  const send = sender(world, { claims: () => claim(), ...withPerson() })
  expect((await send(world.host.origin + path, { uma: { interactive: false } })).status).toBe(200)
})

test('interactive: false beside a request that may: each as it was asked to', async () => {
  const world = await people()
  const alice = person()
  const send = sender(
    world,
    withPerson((asked) => tick(50).then(() => alice(asked))),
  )
  const [may, mayNot] = await Promise.allSettled([
    send(world.host.origin + path),
    send(world.host.origin + path, { uma: { interactive: false } }),
  ])
  expect(may).toMatchObject({ status: 'fulfilled', value: { status: 200 } })
  expect(mayNot).toMatchObject({ status: 'rejected', reason: { code: 'interaction_required' } })
})

describe('a handler that fails', () => {
  test.each([
    ['rejects', () => Promise.reject(new Error('window closed'))],
    [
      'throws at once',
      () => {
        throw new Error('window closed')
      },
    ],
  ])('%s: that error as it is; nothing is spent, and the next request may ask again', async (_what, fails) => {
    const world = await people()
    let asked = 0
    const alice = person()
    const send = sender(
      world,
      withPerson(async (request) => (asked++ === 0 ? fails() : alice(request))),
    )
    const failure = (await rejection(send(world.host.origin + path))) as Error
    expect(failure.message).toBe('window closed')
    expect(world.events.at(-1)).toEqual({
      type: 'flow-ended',
      flow: 1,
      issuer: world.as.issuer,
      outcome: 'failed',
      code: undefined,
    })
    expect((await send(world.host.origin + path)).status).toBe(200)
    expect(world.as.stats.ticketsReplayed).toBe(0)
  })

  test('open() rejects: the same', async () => {
    const world = await people()
    const onRedirect = { open: () => Promise.reject(new RedirectError('Blocked')) }
    expect(
      (await umaRejection(sender(world, { onRedirect, redirectUri: REDIRECT_URI })(world.host.origin + path))).message,
    ).toBe('Blocked')
  })
})

describe('a handler that never comes back', () => {
  test.each([
    ['the function', { onRedirect: () => new Promise<string>(() => {}) }],
    ['run()', { onRedirect: { open: async () => ({ run: () => new Promise<string>(() => {}) }) } }],
    ['open()', { onRedirect: { open: () => new Promise<never>(() => {}) } }],
  ])('%s: the request can be aborted, and the next one has its turn', async (_what, { onRedirect }) => {
    const world = await people()
    let hang = true
    const alice = person()
    const either =
      typeof onRedirect === 'function'
        ? (asked: RedirectRequest) => (hang ? onRedirect() : alice(asked))
        : { open: async () => (hang ? await onRedirect.open() : { run: alice }) }
    const send = sender(world, { redirectUri: REDIRECT_URI, onRedirect: either })
    const controller = new AbortController()
    const sent = rejection(send(world.host.origin + path, { signal: controller.signal }))
    await until(() => tokenRequests(world).length === 1)
    await tick(30)
    controller.abort()
    expect(((await sent) as Error).name).toBe('AbortError')
    hang = false
    expect((await send(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
  })

  test.each(['function', 'open'])('timeouts.flow (%s): UmaTimeoutError, and its signal says so', async (which) => {
    const world = await people()
    let signal: AbortSignal | undefined
    const never = (asked: { signal: AbortSignal }): Promise<never> => {
      signal = asked.signal
      return new Promise(() => {})
    }
    const send = sender(world, {
      redirectUri: REDIRECT_URI,
      onRedirect: which === 'open' ? { open: never } : never,
      // Long enough for the handler to be called.
      timeouts: { flow: 3_000 },
    })
    expect((await umaRejection(send(world.host.origin + path))).code).toBe('timeout')
    expect(signal?.aborted).toBe(true)
  })
})

test('the handler hears of an abort through its signal', async () => {
  const world = await people()
  let reason: unknown
  const onRedirect = ({ signal }: RedirectRequest): Promise<string> =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason
        reject(signal.reason)
      })
    })
  const controller = new AbortController()
  const sent = rejection(
    sender(world, { redirectUri: REDIRECT_URI, onRedirect })(world.host.origin + path, { signal: controller.signal }),
  )
  await until(() => types(world.events).includes('redirect'))
  const left = new Error('left')
  controller.abort(left)
  expect([await sent, reason]).toEqual([left, left])
})

test('a person who comes back after the abort: nothing happens, and nothing is spent', async () => {
  const world = await people()
  let back = (_url: string): void => {}
  let asked = ''
  const onRedirect = ({ url }: RedirectRequest): Promise<string> =>
    new Promise((resolve) => {
      asked = url
      back = resolve
    })
  const controller = new AbortController()
  const sent = rejection(
    sender(world, { redirectUri: REDIRECT_URI, onRedirect })(world.host.origin + path, { signal: controller.signal }),
  )
  await until(() => asked !== '')
  controller.abort()
  await sent
  const late = await person()({ url: asked } as RedirectRequest)
  world.recorder.clear()
  back(late)
  await tick(50)
  expect(world.sent()).toEqual([])
})

test('claims, then a person, then the owner: one flow, one budget', async () => {
  const world = await startWorld({
    as: { policy: asksFor([{ name: 'email' }], 'person', { submitted: 0.01 }, [{ name: 'age' }]) },
  })
  const alice = person()
  const send = sender(world, { ...withPerson(alice), claims: newClaims(), polling: { minInterval: 0.01 } })
  expect((await send(world.host.origin + path)).status).toBe(200)
  expect(tokenRequests(world).map((form) => form.has('claim_token'))).toEqual([false, true, false, false, true])
  expect([
    alice.asked.length,
    world.as.stats.ticketsReplayed,
    new Set(world.events.flatMap((e) => ('flow' in e ? e.flow : []))).size,
  ]).toEqual([1, 0, 1])
})
