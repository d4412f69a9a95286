/** A page that measures one version of the package on IndexedDB, beside an idle tab that has read everything. */
import { median } from './measure.ts'

/** `never`: each place has an RPT of its own. `upgrading`: one RPT opens all places. */
export type ServerKind = 'never' | 'upgrading'

interface PageStorage {
  set(key: string, value: string): unknown
}

/** One version of the package, as the page uses it. */
export interface Version {
  createRequester(options: object): { wrapFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch }
  none(): unknown
  indexedDBStorage(options: { name: string }): PageStorage
  /** A storage of a `Map`. */
  inMemory(map: Map<string, string>): unknown
}

/** Medians in milliseconds: the first request of a requester, and a flow. */
export interface Times {
  first: number
  flow: number
}

const origin = 'https://photos.example.com'
const entries = 1_000
const upgraded = 'upgraded'
const place = (name: number | string): string => `${origin}/alice/album-${String(name).length}/${name}.jpg`
const tokenOf = (text: string): string => `eyJhbGciOiJFUzI1NiJ9.${btoa(text.padEnd(120))}.c2lnbmF0dXJl`

const json = (status: number, body: object, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })

const metadata = {
  issuer: origin,
  token_endpoint: `${origin}/token`,
  authorization_endpoint: `${origin}/authorize`,
  jwks_uri: `${origin}/jwks`,
  grant_types_supported: ['urn:ietf:params:oauth:grant-type:uma-ticket'],
}

/** The host and the authorization server, as a function. */
export function serverOf(kind: ServerKind): typeof fetch {
  const granted = new Set<string>()
  const answerToken = (form: URLSearchParams): Response => {
    const path = form.get('ticket') ?? ''
    granted.add(path)
    const isUpgrade = kind === 'upgrading' && form.has('rpt')
    const token = tokenOf(kind === 'never' ? path : upgraded)
    return json(200, {
      access_token: token,
      token_type: 'Bearer',
      expires_in: 86_400,
      ...(isUpgrade && { upgraded: true }),
    })
  }
  return async (input, init) => {
    const { pathname } = new URL(String(input))
    if (pathname.startsWith('/.well-known/')) return json(200, metadata)
    if (pathname === '/token') return answerToken(new URLSearchParams(String(init?.body)))
    const good = `Bearer ${tokenOf(kind === 'never' ? pathname : upgraded)}`
    const isOpen = new Headers(init?.headers).get('authorization') === good && granted.has(pathname)
    if (isOpen) return json(200, { pathname })
    return json(401, {}, { 'www-authenticate': `UMA as_uri="${origin}", ticket="${pathname}"` })
  }
}

/** Time for the writes that nobody waits for. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300))

async function timed(task: () => Promise<Response>): Promise<number> {
  const from = performance.now()
  const { status } = await task()
  if (status !== 200) throw new Error(`answered with ${status}`)
  return performance.now() - from
}

/** Measures one version in this page. */
export function measuring(version: Version) {
  const servers = { never: serverOf('never'), upgrading: serverOf('upgrading') }
  let flows = 0

  function requesterOn(storage: unknown, kind: ServerKind): typeof fetch {
    const requester = version.createRequester({
      authorizationServers: [{ issuer: origin, hosts: [origin], client: { id: 'bench', auth: version.none() } }],
      requestingParty: 'bob',
      maxEntries: 2 * entries,
      fetch: servers[kind],
      storage,
    })
    return requester.wrapFetch(servers[kind])
  }

  const database = (kind: ServerKind): PageStorage => version.indexedDBStorage({ name: `bench-${kind}` })

  return {
    /** Puts 1,000 entries into the database. */
    async fill(kind: ServerKind): Promise<void> {
      const map = new Map<string, string>()
      const fetch = requesterOn(version.inMemory(map), kind)
      for (let n = 0; n < entries; n++) await fetch(place(n))
      await settled()
      const storage = database(kind)
      await Promise.all([...map].map(([key, text]) => storage.set(key, text)))
    },
    /** Reads everything, as another tab that stays open does. The server of this page knows one place. */
    async stayOpen(kind: ServerKind): Promise<void> {
      const fetch = requesterOn(database(kind), kind)
      await fetch(place(entries / 2))
      Object.assign(globalThis, { [`open-${kind}`]: fetch })
    },
    async measure(kind: ServerKind, rounds: number): Promise<Times> {
      const first: number[] = []
      const flow: number[] = []
      for (let round = -2; round < rounds; round++) {
        const fetch = requesterOn(database(kind), kind)
        const toFirst = await timed(() => fetch(place(entries / 2)))
        flows += 1
        const toFlow = await timed(() => fetch(place(`new-${flows}`)))
        await settled()
        if (round < 0) continue
        first.push(toFirst)
        flow.push(toFlow)
      }
      return { first: median(first), flow: median(flow) }
    },
  }
}

declare global {
  var umaBenchPage: ReturnType<typeof measuring>
}
