/** What a request costs when the token is in the wallet, over HTTP on this machine with connections kept: with and without us. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import axios from 'axios'
import ky from 'ky'
import { attachRequester } from '../src/axios.ts'
import { createRequester, none } from '../src/index.ts'
import { extendKy } from '../src/ky.ts'
import { TOKEN } from './answers.ts'
import { handWritten } from './hot-path.ts'
import { inPairs, medianOf, type Spread, sideBySide, spreadOf } from './measure.ts'

export type Way = 'fetch' | 'axios' | 'ky'

export interface Loopback {
  /** µs a request, body read */
  bare: number
  withRequester: number
  /** with a requester / bare */
  ratio: Spread
}

/** The way in and, for comparison, the wrapper of the hot path. */
export type Loopbacks = Record<Way | 'wrapper', Loopback>

type Times = { bare: number; withRequester: number }

const rounds = 800

/** Both ways in each round, in pairs. */
async function compare(variants: Record<keyof Times, () => unknown>): Promise<Loopback> {
  const runs = await inPairs((isFirst) => sideBySide(variants, { rounds, batch: 1, warmUp: isFirst ? 2500 : 200 }))
  return {
    bare: medianOf(runs, 'bare', 1),
    withRequester: medianOf(runs, 'withRequester', 1),
    ratio: spreadOf(runs.map(({ bare, withRequester }) => withRequester / bare)),
  }
}

export async function benchLoopback(): Promise<Loopbacks> {
  const worker = new Worker(new URL('loopback-server.ts', import.meta.url))
  try {
    const [origin] = (await once(worker, 'message')) as [string]
    const url = `${origin}/alice/1.jpg`
    const headers = { authorization: `Bearer ${TOKEN}` }
    const requester = createRequester({
      authorizationServers: [{ issuer: origin, hosts: [origin], client: { id: 'bench', auth: none() } }],
    })
    const wrapper = handWritten(new Map([[origin, TOKEN]]))
    const bareAxios = axios.create()
    const attached = axios.create()
    attachRequester(attached, requester)
    // ky's own time-out, which our way in takes away, is not what is measured.
    const bareKy = ky.create({ timeout: false })
    const extended = extendKy(bareKy, requester)
    // The bare ones are given the token, and do the same work on the wire.
    const bareFetch = async (): Promise<unknown> => (await fetch(url, { headers })).json()
    return {
      wrapper: await compare({ bare: bareFetch, withRequester: async () => (await wrapper(url)).json() }),
      fetch: await compare({ bare: bareFetch, withRequester: async () => (await requester.fetch(url)).json() }),
      axios: await compare({ bare: () => bareAxios.get(url, { headers }), withRequester: () => attached.get(url) }),
      ky: await compare({
        bare: () => bareKy.get(url, { headers }).json(),
        withRequester: () => extended.get(url).json(),
      }),
    }
  } finally {
    await worker.terminate()
  }
}
