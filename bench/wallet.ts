/** How long the wallet takes to choose an RPT, by how many it holds. */
import type { Place } from '../src/wallet/place.ts'
import { createWallet, type Wallet } from '../src/wallet/wallet.ts'
import { inPairs, medianOf, type Spread, sideBySideSync, spreadOf } from './measure.ts'

const SIZES = [10, 1_000, 100_000] as const
/** At one host each, up to this many: what a wallet that holds many looks like. */
const PER_HOST = 1_000

export interface WalletRow {
  entries: number
  /** µs a look-up: a place that was learned; one that was not, below a folder that was */
  known: number
  unknown: number
}

export interface WalletBench {
  rows: WalletRow[]
  /** the time of a look-up among the most / among the fewest; the larger of known and unknown places */
  growth: Spread
}

/** One RPT for each photo, as from a server that never upgrades. */
function filled(entries: number): Wallet {
  const wallet = createWallet(entries)
  for (let i = 0; i < entries; i++) {
    const token = `token-${i}`
    const rpt = wallet.store({
      grant: { token, type: 'bearer' },
      headers: { authorization: `Bearer ${token}` },
      authority: 'as client',
      host: host(i),
    })
    wallet.opened(rpt, { method: 'GET', url: place(i) })
  }
  return wallet
}

const host = (i: number): string => `https://photos${Math.floor(i / PER_HOST)}.example.com`
const place = (i: number): string => `${host(i)}/alice/${i % 100}/${i}.jpg`

/** The places that are looked up, ten in turn whatever the size: the look-up is measured, not the processor's cache. */
const looked = (entries: number): string[] =>
  Array.from({ length: 10 }, (_, i) => place(Math.floor((i * entries) / 10)))

export async function benchWallet(): Promise<WalletBench> {
  const variants: Record<string, () => unknown> = {}
  for (const entries of SIZES) {
    const wallet = filled(entries)
    const known = looked(entries)
    const unknown = known.map((url): Place => ({ method: 'GET', url: `${url}/thumbnail` }))
    for (const url of known) if (!wallet.at('GET', url)) throw new Error(`the wallet forgot ${url}`)
    let turn = 0
    variants[`known ${entries}`] = () => wallet.at('GET', known[turn++ % 10] as string)
    variants[`unknown ${entries}`] = () => wallet.nearest(unknown[turn++ % 10] as Place, 'as client')
  }
  const runs = await inPairs(() => sideBySideSync(variants, { rounds: 200, batch: 2000, warmUp: 20 }))
  const [few, , many] = SIZES
  const growth = (run: Record<string, number>, kind: string): number =>
    (run[`${kind} ${many}`] as number) / (run[`${kind} ${few}`] as number)
  return {
    rows: SIZES.map((entries) => ({
      entries,
      known: medianOf(runs, `known ${entries}`),
      unknown: medianOf(runs, `unknown ${entries}`),
    })),
    growth: spreadOf(runs.map((run) => Math.max(growth(run, 'known'), growth(run, 'unknown')))),
  }
}
