/** What the warden costs when it knows the token: in memory, over HTTP on this machine, and in calls to the authorization server. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { clientSecretBasic, createHost } from '../src/host/index.ts'
import { TOKEN } from './answers.ts'
import { inPairs, medianOf, type Spread, sideBySide, spreadOf } from './measure.ts'
import { protectionAnswerTo } from './protection.ts'

export interface HostCosts {
  /** µs a request, fetch-style handler */
  memory: { bare: number; guarded: number; adds: Spread }
  /** µs a request over loopback, node:http handler, body read */
  loopback: { bare: number; guarded: number; ratio: Spread }
  /** requests to the authorization server for 1,000 guarded ones, over loopback, cache warm */
  callsPerThousand: number
}

const headers = { authorization: `Bearer ${TOKEN}` }

async function inMemory(): Promise<HostCosts['memory']> {
  const issuer = 'https://as.example.com'
  const host = createHost({
    issuer,
    client: { id: 'photos', auth: clientSecretBasic('photos-secret') },
    fetch: async (input, init) => {
      const { status, body } = protectionAnswerTo(issuer, init?.method ?? 'GET', new URL(String(input)).pathname)
      return new Response(body, { status, headers: { 'content-type': 'application/json' } })
    },
  })
  // So that it is not looked for among one.
  for (let i = 0; i < 50; i++) await host.protect({ url: `/users/${i}/*`, owner: 'alice' })
  const handler = async (): Promise<Response> => Response.json({ id: 1, title: 'Photo 1', taken: 1_700_000_000 })
  const guarded = host.guard(handler)
  const request = (): Request => new Request('https://photos.example.com/users/7/1.jpg', { headers })
  if ((await guarded(request())).status !== 200) throw new Error('The warden does not let it through.')
  const runs = await inPairs((isFirst) =>
    sideBySide(
      {
        bare: () => {
          request()
          return handler()
        },
        guarded: () => guarded(request()),
      },
      { rounds: 200, batch: 200, warmUp: isFirst ? 100 : 10 },
    ),
  )
  return {
    bare: medianOf(runs, 'bare'),
    guarded: medianOf(runs, 'guarded'),
    adds: spreadOf(runs.map((run) => run.guarded - run.bare)),
  }
}

async function overLoopback(): Promise<Pick<HostCosts, 'loopback' | 'callsPerThousand'>> {
  const worker = new Worker(new URL('host-server.ts', import.meta.url))
  try {
    const [{ bare, guarded }] = (await once(worker, 'message')) as [{ bare: string; guarded: string }]
    const calls = async (): Promise<number> => {
      worker.postMessage('calls')
      return ((await once(worker, 'message')) as [number])[0]
    }
    const get = async (origin: string): Promise<unknown> => {
      const answer = await fetch(`${origin}/alice/1.jpg`, { headers })
      if (answer.status !== 200) throw new Error(`Status ${answer.status}`)
      return answer.json()
    }
    // A server that has run for a while: compilers take their time with what runs once for each request.
    for (let i = 0; i < 10_000; i++) await Promise.all([get(bare), get(guarded)])
    const variants = { bare: () => get(bare), guarded: () => get(guarded) }
    const runs = await inPairs(() => sideBySide(variants, { rounds: 1000, batch: 1, warmUp: 300 }))
    const before = await calls()
    for (let i = 0; i < 1000; i++) await get(guarded)
    return {
      loopback: {
        bare: medianOf(runs, 'bare', 1),
        guarded: medianOf(runs, 'guarded', 1),
        ratio: spreadOf(runs.map((run) => run.guarded / run.bare)),
      },
      callsPerThousand: (await calls()) - before,
    }
  } finally {
    await worker.terminate()
  }
}

export async function benchHost(): Promise<HostCosts> {
  return { memory: await inMemory(), ...(await overLoopback()) }
}
