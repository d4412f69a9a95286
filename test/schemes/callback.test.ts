/** One callback for every way back, when the page goes away meanwhile (Puma's "tiny mighty callback handler"). */

import { describe, expect, test } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import type { AuthorizationServer, Requester } from '../../src/index.ts'
import { pageRedirect } from '../../src/redirect/page.ts'
import { puma } from '../../src/schemes/puma.ts'
import { uma1 } from '../../src/schemes/uma1.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import type { AmPolicy } from '../helpers/am/types.ts'
import { type AmWorld, name, startAmWorld, umaRejection, visitManager } from './kit.ts'

const person: AmPolicy = ({ gathered }) => (gathered ? 'grant' : { redirectUser: true })

/** Pages of one browser: each has a requester of its own, and all the same storage. */
function browser(
  world: AmWorld,
  scheme: () => AuthorizationServer['scheme'],
  requestingParty = 'alice',
  storage = new Map<string, string>(),
) {
  let left = (_url: string): void => {}
  const page = (): Requester =>
    world.requester(scheme(), {
      storage: keyValueStorage(storage),
      requestingParty,
      onRedirect: pageRedirect({ storeRequest: true, navigate: (url) => left(url) }),
    })
  /** On a new page: to the task's end, or until the person is sent away. */
  async function on<T>(task: (requester: Requester) => Promise<T>): Promise<{ end: T } | { went: string }> {
    const went = new Promise<{ went: string }>((resolve) => {
      left = (url) => resolve({ went: url })
    })
    return Promise.race([went, task(page()).then((end) => ({ end }))])
  }
  return { on, storage }
}

/** A person goes wherever they are sent; gives what the callback said each time, and the last answer. */
async function story(
  world: AmWorld,
  scheme: () => AuthorizationServer['scheme'],
  init: RequestInit = {},
  login = 'alice',
) {
  const { on, storage } = browser(world, scheme, login)
  const kinds: string[] = []
  let at = await on((requester) => requester.fetch(world.host.origin + name, init))
  for (let pages = 0; 'went' in at && pages < 6; pages++) {
    const back = await visitManager(at.went, login)
    const callback = await on((requester) => handleCallback(requester, back))
    if ('went' in callback) at = callback
    else {
      const { kind, request, replay } = callback.end
      expect(request).toMatchObject({ method: init.method ?? 'GET', url: world.host.origin + name })
      kinds.push(`${kind}`)
      at = await on(() => replay?.() ?? expect.fail('nothing to replay'))
    }
  }
  return { kinds, status: 'end' in at ? at.end.status : at.went, storage }
}

describe('Puma (P-13)', () => {
  test('code, then x-oauth_access_granted', async () => {
    const world = await startAmWorld('puma')
    expect(await story(world, puma)).toMatchObject({ kinds: ['code', 'x-oauth_access_granted'], status: 200 })
    expect([world.am.state.aats.size, world.am.state.rpts.size]).toEqual([1, 1])
  })

  test('claim_status', async () => {
    const world = await startAmWorld('puma', { am: { quirks: { claimStatus: 'ok' } } })
    expect(await story(world, puma)).toMatchObject({ kinds: ['code', 'claim_status'], status: 200 })
  })

  test('P-14 what was being updated is updated, once', async () => {
    const world = await startAmWorld('puma')
    const { kinds, status } = await story(world, puma, { method: 'PUT', body: 'Alicja' })
    expect([kinds, status]).toEqual([['code', 'x-oauth_access_granted'], 200])
    expect(world.host.written).toEqual([{ path: name, body: 'Alicja' }])
  })

  test('x-oauth_access_req: pending, saying what was asked for', async () => {
    const world = await startAmWorld('puma')
    const error = await umaRejection(story(world, puma, {}, 'bob'))
    expect(error).toMatchObject({
      code: 'request_submitted',
      request: { method: 'GET', url: world.host.origin + name },
    })
    world.am.agree('alice', 'bob')
    expect(await story(world, puma, {}, 'bob')).toMatchObject({ kinds: ['code'], status: 200 })
  })

  test('nothing that is known', async () => {
    const world = await startAmWorld('puma')
    const { on } = browser(world, puma)
    const at = await on((requester) => requester.fetch(world.host.origin + name))
    const back = new URL(await visitManager('went' in at ? at.went : '', 'alice'))
    back.searchParams.delete('code')
    const error = await umaRejection(on((requester) => handleCallback(requester, back.href)))
    expect(error).toMatchObject({ code: 'redirect_failed', request: { url: world.host.origin + name } })
  })
})

describe('UMA 1.0.1', () => {
  test('code: the flow goes on with its ticket', async () => {
    const world = await startAmWorld('1.0.1')
    expect(await story(world, uma1)).toMatchObject({ kinds: ['code'], status: 200 })
    expect(world.am.state.tickets.size).toBe(1)
  })

  test('code, away again, then authorization_state: with the same ticket', async () => {
    const world = await startAmWorld('1.0.1', { am: { policy: person } })
    expect(await story(world, uma1)).toMatchObject({ kinds: ['authorization_state'], status: 200 })
    expect(world.am.state.tickets.size).toBe(1)
  })

  test('claims-sec-1.0 across pages', async () => {
    const world = await startAmWorld('1.0.1', { am: { policy: person, quirks: { securityEnhanced: true } } })
    expect(await story(world, uma1)).toMatchObject({ kinds: ['authorization_state'], status: 200 })
  })

  test('not_authorized: no, saying what was asked for', async () => {
    const world = await startAmWorld('1.0.1', {
      am: { policy: person, quirks: { authorizationState: 'not_authorized' } },
    })
    expect(await umaRejection(story(world, uma1))).toMatchObject({
      code: 'request_denied',
      request: { url: world.host.origin + name },
    })
  })
})

test.each([
  ['puma', puma],
  ['1.0.1', uma1],
] as const)('a way back is good once, and only for whom it belongs to: %s', async (era, scheme) => {
  const world = await startAmWorld(era)
  const storage = new Map<string, string>()
  const alice = browser(world, scheme, 'alice', storage)
  const at = await alice.on((requester) => requester.fetch(world.host.origin + name))
  const back = await visitManager('went' in at ? at.went : '', 'alice')
  const bob = browser(world, scheme, 'bob', storage)
  expect((await umaRejection(bob.on((requester) => handleCallback(requester, back)))).code).toBe('invalid_state')
  expect(world.to('token')).toEqual([])
  expect(await alice.on((requester) => handleCallback(requester, back))).toMatchObject({ end: { kind: 'code' } })
  // The same return again is finished, and nothing is sent.
  expect(await alice.on((requester) => handleCallback(requester, back))).toEqual({ end: { finished: true } })
})
