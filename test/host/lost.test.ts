/** Resources that the authorization server has lost, while requests for them come in. */
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createHost } from '../../src/host/index.ts'
import type { Answer } from '../helpers/http.ts'
import { challengeOf, get, hosted, ticketOf } from './hosted.ts'
import { type Asked, scripted } from './protection-kit.ts'

const path = '/alice/1.jpg'

async function protectedPhoto() {
  const kit = await hosted()
  const resource = await kit.host.protect({ url: path, owner: 'alice', name: 'A photo' })
  const lose = () => (kit.as.resources as Map<string, unknown>).clear()
  return { ...kit, resource, lose, guarded: kit.host.guard(() => new Response('the photo')) }
}

describe('F-3.2.5, F-4.3-a: a resource that is not known any more when a ticket is asked for', () => {
  test('is registered again, and the ticket is for it', async () => {
    const { as, host, resource, lose, guarded, rpt, events } = await protectedPhoto()
    lose()
    const refused = await guarded(get(path))
    expect(refused.status).toBe(401)
    expect((await guarded(get(path, await rpt(ticketOf(refused))))).status).toBe(200)
    const now = await host.resourceAt(path)
    expect(now).toMatchObject({ pattern: path, owner: 'alice', name: 'A photo' })
    expect(now?.id).not.toBe(resource.id)
    expect([...as.resources.keys()]).toEqual([now?.id])
    expect(events).toContainEqual({ type: 'registered', resource: now?.id, owner: 'alice' })
  })

  test('once for all requests that come in, each with a ticket of its own', async () => {
    const { as, lose, guarded } = await protectedPhoto()
    lose()
    const answers = await Promise.all(Array.from({ length: 20 }, () => guarded(get(path))))
    expect(new Set(answers.map((answer) => challengeOf(answer).ticket)).size).toBe(20)
    expect(as.resources.size).toBe(1)
  })

  test('once in several processes on one storage', async () => {
    const { as, another, lose, guarded } = await protectedPhoto()
    const other = another()
    await other.resourceAt(path)
    lose()
    expect((await guarded(get(path))).status).toBe(401)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1_001 })
    onTestFinished(() => void vi.useRealTimers())
    expect((await other.guard(() => new Response())(get(path))).status).toBe(401)
    expect(as.resources.size).toBe(1)
  })

  test('at most once a minute: a server that forgets at once is not filled with resources', async () => {
    const { as, lose, guarded } = await protectedPhoto()
    const statuses: number[] = []
    for (let i = 0; i < 3; i++) {
      lose()
      statuses.push((await guarded(get(path))).status)
    }
    expect([statuses, as.resources.size]).toEqual([[401, 403, 403], 0])
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    onTestFinished(() => void vi.useRealTimers())
    expect((await guarded(get(path))).status).toBe(401)
  })

  test.each<[string, Answer, Answer, number]>([
    ['by the code', { status: 400, body: { error: 'invalid_resource_id' } }, { status: 404 }, 2],
    ['by the code, and it cannot be read', { status: 400, body: { error: 'invalid_resource_id' } }, { status: 405 }, 2],
    ['by the status', { status: 404 }, { status: 404 }, 2],
    ['by the status, and it cannot be read', { status: 404 }, { status: 405 }, 1],
    ['but it is there', { status: 404 }, { status: 200, body: { resource_scopes: [] } }, 1],
    ['another code', { status: 400, body: { error: 'invalid_scope' } }, { status: 404 }, 1],
  ])('told %s', async (_, refusal, reading, registrations) => {
    let count = 0
    const { issuer } = await scripted(({ path: at, method, body }) => {
      if (at === '/rreg/' && method === 'POST') return { status: 201, body: { _id: `r${++count}` } }
      if (at === '/perm') return body.includes('"r1"') ? refusal : { status: 201, body: { ticket: 'ticket' } }
      return reading
    })
    const host = createHost({ issuer, client: { id: 'rs' } })
    await host.protect({ url: path, owner: 'alice' })
    const answers = [1, 2].map(async () => (await host.guard(() => new Response())(get(path))).status)
    const expected = registrations === 2 ? 401 : 403
    expect([await Promise.all(answers), count]).toEqual([[expected, expected], registrations])
  })
})

test('F-1.3-c, F-R-i, F-3.2.5: a server that was set up anew: client, PAT and resource come back with the next request', async () => {
  const known = { clients: new Set<string>(), pats: new Set<string>(), resources: new Set<string>() }
  let count = 0
  const next = (kind: keyof typeof known): string => {
    known[kind].add(`${kind}-${++count}`)
    return `${kind}-${count}`
  }
  const userOf = ({ headers }: Asked) => atob(headers.authorization?.split(' ')[1] ?? '').split(':')[0] as string
  const { issuer } = await scripted(
    (asked) => {
      if (asked.path === '/register') {
        return { status: 201, body: { client_id: next('clients'), client_secret: 's' } }
      }
      if (!known.pats.has(`${asked.headers.authorization}`.slice(7))) return { status: 401 }
      if (asked.path === '/rreg/') return { status: 201, body: { _id: next('resources') } }
      if (asked.path !== '/perm') return { status: 404 }
      const there = known.resources.has(JSON.parse(asked.body).resource_id)
      return there
        ? { status: 201, body: { ticket: 'ticket' } }
        : { status: 400, body: { error: 'invalid_resource_id' } }
    },
    {},
    {
      token: (asked) =>
        known.clients.has(userOf(asked))
          ? { status: 200, body: { access_token: next('pats'), token_type: 'Bearer', expires_in: 600 } }
          : { status: 401, body: { error: 'invalid_client' } },
    },
  )
  const host = createHost({ issuer, client: { register: { client_name: 'Photos' } } })
  const status = async () => (await host.guard(() => new Response())(get(path))).status
  await host.protect({ url: path, owner: 'alice' })
  expect(await status()).toBe(401)
  for (const kind of Object.values(known)) kind.clear()
  expect(await status()).toBe(401)
  expect(Object.values(known).map(({ size }) => size)).toEqual([1, 1, 1])
})
