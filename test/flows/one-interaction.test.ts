/** At most one interaction with a person per party and issuer at a time; the others wait and need none of their own. */

import { describe, expect, onTestFinished, test } from 'vitest'
import { type AuthorizationServerQuirks, onlyPeople } from '../helpers/authorization-server.ts'
import { startHost } from '../helpers/host.ts'
import { later } from '../helpers/later.ts'
import { signal } from '../helpers/wait.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { byFetch, waysIn } from '../ways-in/kit.ts'
import { hostSends, path, REDIRECT_URI, rejection, tick, until, visit } from './kit.ts'

/** A handler that counts how many are open at once. Each stays open until `wait` resolves. */
function slowPerson(wait: () => Promise<unknown> = () => tick(60), answer = visit) {
  const seen = { asked: [] as string[], open: 0, most: 0 }
  const onRedirect = async ({
    url,
    requestingParty = '',
  }: {
    url: string
    requestingParty?: string | undefined
  }): Promise<string> => {
    seen.asked.push(requestingParty)
    seen.most = Math.max(seen.most, ++seen.open)
    await wait()
    try {
      return await answer(url, requestingParty || 'alice')
    } finally {
      seen.open--
    }
  }
  return { seen, options: { redirectUri: REDIRECT_URI, onRedirect } }
}

const people = (quirks: Partial<AuthorizationServerQuirks> = {}): Promise<World> =>
  startWorld({ as: { policy: onlyPeople('alice', 'bob'), quirks } })
const photos = (world: World, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${world.host.origin}/alice/${i}.jpg`)

describe.each(waysIn)('$name', ({ attach }) => {
  test('many requests for one place: one flow, one interaction', async () => {
    const world = await people()
    const { seen, options } = slowPerson()
    const send = attach(world.requester(options))
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(world.host.origin + path)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(seen.asked.length).toBe(1)
    expect(world.as.stats.ticketsReplayed).toBe(0)
  })
})

describe.each(['new', 'never', 'same-string'] as const)('an AS whose upgrades are: %s', (upgrade) => {
  test('many places at one host: the others wait, and the PCT spares them', async () => {
    const world = await people({ upgrade })
    const { seen, options } = slowPerson()
    const send = byFetch.attach(world.requester(options))
    const answers = await Promise.all(photos(world, 8).map((url) => send(url)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(seen.asked.length).toBe(1)
    expect(world.as.stats.ticketsReplayed).toBe(0)
  })

  test('the same when the host has been met before', async () => {
    const world = await people({ upgrade })
    world.as.policy = () => 'grant'
    const { seen, options } = slowPerson()
    const send = byFetch.attach(world.requester(options))
    for (const url of photos(world, 2)) await send(`${url}.warm`)
    world.as.policy = onlyPeople('alice')
    const answers = await Promise.all(photos(world, 8).map((url) => send(url)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(seen.asked.length).toBe(1)
  })
})

test('two hosts of one issuer: one interaction', async () => {
  const world = await people()
  const host2 = await startHost({ authorizationServer: world.as, label: 'host2', recorder: world.recorder })
  onTestFinished(host2.close)
  world.as.quirks.delayMs = { token: 30 }
  const { seen, options } = slowPerson()
  const send = byFetch.attach(world.requester(options, { hosts: [world.host.origin, host2.origin] }))
  const answers = await Promise.all(
    [world.host, host2].flatMap(({ origin }) => [send(origin + path), send(`${origin}/alice/2.jpg`)]),
  )
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  expect(seen.asked.length).toBe(1)
})

test('without a PCT each needs a person of its own, one after the other', async () => {
  const world = await people({ pctOff: true })
  const { seen, options } = slowPerson(() => tick(20))
  const send = byFetch.attach(world.requester(options))
  const answers = await Promise.all(photos(world, 4).map((url) => send(url)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  expect([seen.asked.length, seen.most]).toEqual([4, 1])
})

test('waiting for others uses up none of the rounds', async () => {
  const world = await people({ pctOff: true })
  const { options } = slowPerson(() => tick(5))
  const send = byFetch.attach(world.requester({ ...options, maxRounds: 1 }))
  const answers = await Promise.all(photos(world, 6).map((url) => send(url)))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
})

test('two parties at once do not wait for each other', async () => {
  const world = await people()
  // Each stays until both are there.
  const { seen, options } = slowPerson(() => until(() => seen.most === 2))
  const alice = world.requester({ ...options, requestingParty: 'alice' })
  const answers = await Promise.all([alice, alice.as('bob')].map((who) => who.fetch(world.host.origin + path)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200])
  expect([seen.asked.toSorted(), seen.most]).toEqual([['alice', 'bob'], 2])
})

test('an interaction that fails: its request rejects, the next one in the queue has its turn', async () => {
  const world = await people()
  let first = true
  const { seen, options } = slowPerson(
    () => tick(40),
    async (url) => {
      if (!first) return visit(url)
      first = false
      throw new Error('window closed')
    },
  )
  const send = byFetch.attach(world.requester(options))
  const outcomes = await Promise.allSettled(photos(world, 3).map((url) => send(url)))
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  expect([seen.asked.length, seen.most]).toEqual([2, 1])
})

test('one who waits for the interaction of another can be aborted, and leaves it alone', async () => {
  const world = await people()
  const { given, give } = signal()
  const { seen, options } = slowPerson(() => given)
  const send = byFetch.attach(world.requester(options))
  const one = send(photos(world, 1)[0] as string)
  await until(() => seen.open === 1)
  const controller = new AbortController()
  const other = rejection(send(`${world.host.origin}/alice/2.jpg`, { signal: controller.signal }))
  await until(() => hostSends(world).length === 2)
  await tick(30)
  controller.abort()
  expect(((await other) as Error).name).toBe('AbortError')
  expect(seen.open).toBe(1)
  give()
  expect((await one).status).toBe(200)
})

test('the one who talks to the person aborts: those who wait go on', async () => {
  const world = await people()
  const { given, give } = signal()
  const { seen, options } = slowPerson(() => given)
  const send = byFetch.attach(world.requester(options))
  const controller = new AbortController()
  const one = rejection(send(world.host.origin + path, { signal: controller.signal }))
  await until(() => seen.open === 1)
  const other = send(`${world.host.origin}/alice/2.jpg`)
  await until(() => hostSends(world).length === 2)
  await tick(30)
  controller.abort()
  expect(((await one) as Error).name).toBe('AbortError')
  give()
  expect((await other).status).toBe(200)
})

test('a ticket that ran out while its request waited for another person: no person of its own', async () => {
  const world = await people({ ticketLifetimeMs: 60_000 })
  let asked = 0
  const onRedirect = async ({ url }: { url: string }): Promise<string> => {
    asked++
    // At the page at once, which spends the ticket; the form takes its time.
    const page = await fetch(url)
    const action = new URL(/action="([^"]+)"/.exec(await page.text())?.[1] as string, url)
    await until(() => hostSends(world).length === 3)
    later(61_000)
    const { headers } = await fetch(action, {
      method: 'POST',
      body: new URLSearchParams({ login: 'alice', action: 'share' }),
      redirect: 'manual',
    })
    return headers.get('location') as string
  }
  const send = byFetch.attach(world.requester({ redirectUri: REDIRECT_URI, onRedirect }))
  const answers = await Promise.all(photos(world, 3).map((url) => send(url)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(asked).toBe(1)
})
