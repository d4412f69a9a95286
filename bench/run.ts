/**
 * `npm run bench`: prints a table and writes bench/results.json. Everything is measured side by side in one run; the
 * ratios are what counts, the microseconds are this machine's. The exit code is 1 if a target is missed: a ratio misses
 * its target only if all of its five measurements are above it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { benchHost } from './host.ts'
import { benchHotPath } from './hot-path.ts'
import { benchLoopback } from './loopback.ts'
import { rounded, type Spread } from './measure.ts'
import { benchParser } from './parser.ts'
import { benchParties } from './parties.ts'
import { benchSizes } from './sizes.ts'
import { benchStorage } from './storage.ts'
import { benchWallet } from './wallet.ts'

const started = performance.now()
const missed: string[] = []

function heading(text: string): void {
  console.log(`\n${text}`)
}

function row(name: string, ...cells: (string | number)[]): void {
  console.log(`  ${name.padEnd(52)}${cells.map((cell) => ` ${cell}`.padStart(22)).join('')}`)
}

/** A value beside its target. */
function held(name: string, { median, least, most }: Spread, target: number): string {
  if (least <= target) return median <= target ? `ok, ≤ ${target}` : `ok, its spread reaches ${target}`
  missed.push(`${name}: ${median} (${least} to ${most}), not ≤ ${target}`)
  return `MISSED, > ${target}`
}

const exact = (value: number): Spread => ({ median: value, least: value, most: value })
const spread = ({ median, least, most }: Spread): string => `${median} (${least}..${most})`
const us = (value: number): string => `${value} µs`

// Loopback comes first: code that was optimised for a `fetch` that answers at once is slower with a real one.
heading('Over HTTP on this machine, connections kept: the token is in the wallet')
const loopback = await benchLoopback()
const loopbackTargets: Record<string, number> = { fetch: 1.03, axios: 1.06, ky: 1.03 }
row('', 'bare', 'with us', 'with us / bare')
for (const [way, { bare, withRequester, ratio }] of Object.entries(loopback)) {
  const target = loopbackTargets[way]
  const name = way === 'wrapper' ? 'fetch, hand-written wrapper instead' : way
  row(name, us(bare), us(withRequester), spread(ratio), target ? held(`loopback ${way}`, ratio, target) : '')
}

heading('The hot path in memory: the token is in the wallet, fetch answers at once')
const hotPath = await benchHotPath()
row('', 'a request', 'adds')
row('bare stub', us(hotPath.bare), '')
row('hand-written wrapper', us(hotPath.wrapper), us(hotPath.wrapperAdds))
row('requester.fetch', us(hotPath.requester), us(hotPath.requesterAdds))
row('requester adds / wrapper adds', spread(hotPath.ratio), held('hot path', hotPath.ratio, 0.5))

heading('A person who sends no request: as(user) for 100,000 people')
const parties = benchParties()
row('bytes, what as() returned is kept', parties.kept, held('as(user)', exact(parties.kept), 1200))
row('bytes, what as() returned is dropped', parties.dropped)

heading('A handler of a host, guarded: the token was introspected before')
const host = await benchHost()
row('', 'bare', 'guarded', '')
row('in memory', us(host.memory.bare), us(host.memory.guarded))
row('the guard adds, µs', spread(host.memory.adds), held('the guard adds', host.memory.adds, 15))
row('over HTTP, node:http', us(host.loopback.bare), us(host.loopback.guarded))
row('guarded / bare', spread(host.loopback.ratio), held('loopback host', host.loopback.ratio, 1.15))
const { callsPerThousand } = host
row('calls to the server for 1,000 requests', callsPerThousand, held('host calls', exact(callsPerThousand), 1))

heading('The wallet chooses')
const wallet = await benchWallet()
row('RPTs held', 'known place', 'unknown place')
for (const { entries, known, unknown } of wallet.rows) row(entries.toLocaleString('en'), us(known), us(unknown))
row('among 100,000 / among 10', spread(wallet.growth), held('choosing among 100,000', wallet.growth, 1.5))

heading('A storage that holds 1,000 entries')
const storage = await benchStorage()
row('', 'read at start', 'flow, saved', 'flow in memory')
const ms = (value: number): string => `${value} ms`
for (const { storage: name, hydration, flow, flowInMemory } of storage.rows)
  row(name, ms(hydration), ms(flow), ms(flowInMemory))
row('an entry', `${storage.stored} B stored`, storage.heap ? `${storage.heap} B of heap` : 'heap: no gc')

heading('Bytes in a bundle (min+gzip, dependencies counted, peers not); npm run check holds them')
const sizes = await benchSizes()
row('', 'first load', 'everything')
for (const [name, { first, everything }] of Object.entries(sizes)) row(name, first, everything)

heading('The WWW-Authenticate parser: how much longer a hostile input takes when it doubles, up to 64 KiB')
const parser = await benchParser()
const worst = parser.reduce((one, other) => (other.worst > one.worst ? other : one))
const worstRatio = rounded(worst.worst)
row(`worst of ${parser.length} inputs: ${worst.name}`, worstRatio, held('parser', exact(worstRatio), 3))

const { version: uma } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const seconds = Math.round((performance.now() - started) / 1000)
const results = {
  date: new Date().toISOString(),
  version: uma,
  node: process.version,
  cpus: availableParallelism(),
  cpu: cpus()[0]?.model ?? 'unknown',
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  platform: `${process.platform} ${process.arch}`,
  seconds,
  unit: 'µs (medians), ratios as median, least and most of five, bytes; storage: ms',
  hotPath,
  loopback,
  parties,
  host,
  wallet,
  storage,
  sizes,
  parser: Object.fromEntries(parser.map(({ name, worst }) => [name, rounded(worst)])),
}
writeFileSync(new URL('results.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`)
console.log(`\nWritten to bench/results.json after ${seconds} s (Node ${process.version}, ${results.cpus} CPUs).`)
if (missed.length) {
  console.log(`Missed: ${missed.join('; ')}`)
  process.exitCode = 1
}
