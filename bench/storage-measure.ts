/** What is measured of a storage; runs in Node and in a page. */

import { createRequester, none } from '../src/index.ts'
import { keyValueStorage } from '../src/storage/key-value.ts'
import type { RequesterStorage } from '../src/storage/storage.ts'
import { answerTo } from './answers.ts'
import { median, rounded } from './measure.ts'

const ORIGIN = 'https://photos.example.com'
export const ENTRIES = 1_000
export const place = (i: number | string): string => `${ORIGIN}/alice/album-${String(i).length}/${i}.jpg`

export interface StorageRow {
  storage: string
  /** ms: the first request of a process, with all entries read; a flow, with all entries written; the same flow without storage */
  hydration: number
  flow: number
  flowInMemory: number
}

/** A server that never upgrades: an RPT for each place, good at that place only. */
const answer = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
  const { pathname } = new URL(String(input))
  const authorization = new Headers(init?.headers).get('authorization')
  const asked = new URLSearchParams(String(init?.body ?? '')).get('ticket') ?? ''
  const good = authorization === `Bearer ${token(pathname)}`
  const { body, ...rest } = answerTo(ORIGIN, pathname, good ? authorization : undefined)
  if (rest.status === 401)
    rest.headers['www-authenticate'] = `UMA as_uri="${ORIGIN}", ticket="${encodeURIComponent(pathname)}"`
  const sent =
    pathname === '/token'
      ? JSON.stringify({ ...JSON.parse(body), access_token: token(decodeURIComponent(asked)) })
      : body
  return new Response(sent, rest)
}
const token = (path: string): string => `eyJhbGciOiJFUzI1NiJ9.${btoa(path.padEnd(120))}.c2lnbmF0dXJl`

export function fetchOn(storage: RequesterStorage | undefined): (url: string) => Promise<unknown> {
  const requester = createRequester({
    authorizationServers: [{ issuer: ORIGIN, hosts: [ORIGIN], client: { id: 'bench', auth: none() } }],
    requestingParty: 'bob',
    maxEntries: 2 * ENTRIES,
    fetch: answer as typeof fetch,
    ...(storage && { storage }),
  })
  return requester.wrapFetch(answer as typeof fetch)
}

async function timed(task: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await task()
  return performance.now() - from
}

/** Time for a save that nobody waits for. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 250))

/** What a party with so many entries has in storage. */
export async function filled(): Promise<Map<string, string>> {
  const storage = new Map<string, string>()
  const fetch = fetchOn(keyValueStorage(storage))
  for (let i = 0; i < ENTRIES; i++) await fetch(place(i))
  await settled()
  return storage
}

let next = 0

/** @param full what a party with so many entries has in storage */
export async function measureStorage(
  name: string,
  storage: RequesterStorage,
  full: Iterable<[string, string]>,
  rounds: number,
): Promise<StorageRow> {
  for (const [key, text] of full) await storage.set(key, text)
  const times: { hydration: number; flow: number; flowInMemory: number }[] = []
  const inMemory = fetchOn(undefined)
  for (let i = 0; i < ENTRIES; i++) await inMemory(place(i))
  for (let round = -3; round < rounds; round++) {
    const fetch = fetchOn(storage)
    const hydration = await timed(() => fetch(place(ENTRIES / 2)))
    const flow = await timed(() => fetch(place(`x${next}`)))
    const flowInMemory = await timed(() => inMemory(place(`x${next++}`)))
    await settled()
    if (round >= 0) times.push({ hydration, flow, flowInMemory })
  }
  const of = (what: keyof (typeof times)[0]): number => rounded(median(times.map((time) => time[what])), 2)
  return { storage: name, hydration: of('hydration'), flow: of('flow'), flowInMemory: of('flowInMemory') }
}
