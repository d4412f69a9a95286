/** R4: one URL whose permission depends on the body: held RPTs are tried before a new flow. */

import { describe, expect, onTestFinished, test } from 'vitest'
import { createRequester, none, type Requester, type RequesterOptions, type UmaEvent } from '../../src/index.ts'
import { inspect } from '../../src/inspect.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { startAuthorizationServer } from '../helpers/authorization-server.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import { type RecordedRequest, WireRecorder } from '../helpers/recorder.ts'

interface Rpc {
  origin: string
  events: UmaEvent[]
  requester(options?: Partial<RequesterOptions>): Requester
  /** Calls an operation: its name is in the body. */
  call(requester: Requester, operation: string, uma?: object): Promise<number>
  /** The requests since the last look: `A 401`, `token`, `A 200`. */
  lines(): string[]
  recorder: WireRecorder
}

/** A JSON-RPC host: one URL, and a permission for each operation. The server issues an RPT for each. */
async function rpcHost(): Promise<Rpc> {
  const recorder = new WireRecorder()
  const as = await startAuthorizationServer({ recorder, quirks: { upgrade: 'never' } })
  const resources = new Map<string, string>()
  const resourceOf = (operation: string): string => {
    const known = resources.get(operation) ?? as.registerResource({ resource_scopes: ['call'], name: operation })._id
    resources.set(operation, known)
    return known
  }
  const host = await startPlainServer(
    async (req, res) => {
      const chunks: Buffer[] = []
      for await (const chunk of req) chunks.push(chunk)
      const resource = resourceOf(Buffer.concat(chunks).toString())
      const granted = as.grants((req.headers.authorization ?? '').slice(7))
      if (granted.some(({ resource_id }) => resource_id === resource)) return res.end('{}')
      const ticket = as.issueTicket([{ resource_id: resource, resource_scopes: ['call'] }])
      res.writeHead(401, { 'www-authenticate': `UMA realm="rpc", as_uri="${as.issuer}", ticket="${ticket}"` }).end()
    },
    { recorder, label: 'host' },
  )
  onTestFinished(async () => {
    await host.close()
    await as.close()
  })
  const events: UmaEvent[] = []
  return {
    origin: host.origin,
    events,
    recorder,
    requester: (more = {}) =>
      createRequester({
        authorizationServers: [{ issuer: as.issuer, hosts: [host.origin], client: { id: 'spa', auth: none() } }],
        onEvent: (event) => events.push(event),
        ...more,
      }),
    call: async (requester, operation, uma = {}) =>
      (await requester.fetch(`${host.origin}/rpc`, { method: 'POST', body: operation, uma })).status,
    lines() {
      const lines = recorder.requests.filter(isOfClient).map(lineOf)
      recorder.clear()
      return lines
    },
  }
}

const isOfClient = ({ server, path }: RecordedRequest): boolean => server === 'host' || path === '/token'
const lineOf = ({ server, body, status }: RecordedRequest): string =>
  server === 'host' ? `${body.toString().slice(0, 1)} ${status}` : 'token'

const flow = (operation: string): string[] => [`${operation} 401`, 'token', `${operation} 200`]

describe('R4: without a name for the operation', () => {
  test('R4: A, B, A, B: no flow after the first two', async () => {
    const rpc = await rpcHost()
    const requester = rpc.requester()
    for (const operation of ['A', 'B']) expect(await rpc.call(requester, operation)).toBe(200)
    expect(rpc.lines().filter((line) => line === 'token').length).toBe(2)
    for (const operation of ['A', 'B', 'A', 'B', 'B', 'A']) expect(await rpc.call(requester, operation)).toBe(200)
    expect(rpc.lines()).toEqual([
      'A 401',
      'A 200',
      'B 401',
      'B 200',
      'A 401',
      'A 200',
      'B 401',
      'B 200',
      'B 200',
      'A 401',
      'A 200',
    ])
  })

  test('R4: at most 3 held RPTs are tried before a flow, and the flow uses the last ticket', async () => {
    const rpc = await rpcHost()
    const requester = rpc.requester()
    for (const operation of ['A', 'B', 'C', 'D', 'E', 'F']) expect(await rpc.call(requester, operation)).toBe(200)
    rpc.lines()
    expect(await rpc.call(requester, 'G')).toBe(200)
    const lines = rpc.lines()
    expect(lines.filter((line) => line === 'token').length).toBe(1)
    expect(lines.indexOf('token')).toBeLessThanOrEqual(3)
    expect(lines.slice(-2)).toEqual(['token', 'G 200'])
  })

  test('R4: no RPT is presented twice in one request', async () => {
    const rpc = await rpcHost()
    const requester = rpc.requester()
    for (const operation of ['A', 'B', 'C']) await rpc.call(requester, operation)
    rpc.lines()
    await rpc.call(requester, 'D')
    const shown = rpc.recorder.requests.flatMap(({ server, headers }) =>
      server === 'host' ? (headers.authorization ?? []) : [],
    )
    expect(new Set(shown).size).toBe(shown.length)
  })

  test('R4: a body that cannot be sent again tries nothing', async () => {
    const rpc = await rpcHost()
    const requester = rpc.requester()
    for (const operation of ['A', 'B']) await rpc.call(requester, operation)
    rpc.lines()
    const body = new Blob(['A']).stream()
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    await requester.fetch(`${rpc.origin}/rpc`, init).catch(() => {})
    expect(rpc.lines().filter((line) => line.startsWith('A')).length).toBe(1)
  })

  test('R4: the RPTs of another party are not tried', async () => {
    const rpc = await rpcHost()
    const requester = rpc.requester()
    for (const operation of ['A', 'B']) await rpc.call(requester, operation)
    rpc.lines()
    expect(await rpc.call(requester.as('bob'), 'A')).toBe(200)
    expect(rpc.lines()).toEqual(flow('A'))
  })

  test('R4: another process finds the RPTs of the place in storage', async () => {
    const rpc = await rpcHost()
    const options = { storage: keyValueStorage(new Map<string, string>()), requestingParty: 'alice' }
    const first = rpc.requester(options)
    for (const operation of ['A', 'B']) await rpc.call(first, operation)
    rpc.lines()
    const next = rpc.requester(options)
    for (const operation of ['A', 'B']) expect(await rpc.call(next, operation)).toBe(200)
    expect(rpc.lines()).not.toContain('token')
  })
})

describe('R4: with uma.operation', () => {
  const alpha = { operation: 'operation-alpha' }
  const beta = { operation: 'operation-beta' }

  test('R4: each operation is a place of its own', async () => {
    const rpc = await rpcHost()
    const requester = rpc.requester()
    await rpc.call(requester, 'A', alpha)
    await rpc.call(requester, 'B', beta)
    rpc.lines()
    for (let turn = 0; turn < 2; turn++) {
      expect(await rpc.call(requester, 'A', alpha)).toBe(200)
      expect(await rpc.call(requester, 'B', beta)).toBe(200)
    }
    expect(rpc.lines()).toEqual(['A 200', 'B 200', 'A 200', 'B 200'])
  })

  test('R4: two operations at the same time need two flows, and both succeed', async () => {
    const rpc = await rpcHost()
    const requester = rpc.requester()
    const calls = [rpc.call(requester, 'A', alpha), rpc.call(requester, 'B', beta)]
    expect(await Promise.all(calls)).toEqual([200, 200])
    expect(rpc.lines().filter((line) => line === 'token').length).toBe(2)
  })

  test('R4: the name is never sent, is absent from events, and is hashed in storage', async () => {
    const rpc = await rpcHost()
    const storage = new Map<string, string>()
    const options = { storage: keyValueStorage(storage), requestingParty: 'alice' }
    const requester = rpc.requester(options)
    await rpc.call(requester, 'A', alpha)
    await rpc.call(requester, 'B', beta)
    const name = /operation-(alpha|beta)/
    for (const { path, rawHeaders, body } of rpc.recorder.requests) {
      expect([path, ...rawHeaders, body.toString()].join('\n')).not.toMatch(name)
    }
    expect(rpc.events.length).toBeGreaterThan(4)
    expect(JSON.stringify(rpc.events)).not.toMatch(name)
    const stored = JSON.stringify([...storage])
    expect(stored).not.toMatch(name)
    expect(stored).toMatch(/sha256:[0-9a-f]{64}/)
    expect(JSON.stringify(await inspect(requester))).not.toMatch(name)

    rpc.lines()
    const next = rpc.requester(options)
    expect(await rpc.call(next, 'B', beta)).toBe(200)
    expect(await rpc.call(next, 'A', alpha)).toBe(200)
    expect(rpc.lines()).toEqual(['B 200', 'A 200'])
  })
})

test('R4: one URL without a name for the operation needs no second flow without a body either', async () => {
  const rpc = await rpcHost()
  const requester = rpc.requester()
  expect((await requester.fetch(`${rpc.origin}/rpc`)).status).toBe(200)
  expect((await requester.fetch(`${rpc.origin}/rpc`)).status).toBe(200)
  expect(rpc.lines()).toEqual([' 401', 'token', ' 200', ' 200'])
})
