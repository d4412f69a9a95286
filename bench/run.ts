/**
 * `npm run bench`: prints a table and writes bench/results.json. Everything is measured side by side in one run; the ratios are
 * what counts, the microseconds are this machine's. `--check` makes the exit code 1 where a target is missed.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { benchHost } from './host.ts'
import { benchHotPath } from './hot-path.ts'
import { benchLoopback } from './loopback.ts'
import { rounded } from './measure.ts'
import { benchParser } from './parser.ts'
import { benchSizes } from './sizes.ts'
import { benchStorage } from './storage.ts'
import { benchWallet, type WalletRow } from './wallet.ts'

const started = performance.now()
const missed: string[] = []

function heading(text: string): void {
  console.log(`\n${text}`)
}

function row(name: string, ...cells: (string | number)[]): void {
  console.log(`  ${name.padEnd(40)}${cells.map((cell) => ` ${cell}`.padStart(14)).join('')}`)
}

/** A value beside what it should be at most. */
function held(name: string, value: number, most: number): string {
  if (value <= most) return `ok, ≤ ${most}`
  missed.push(`${name}: ${value}, not ≤ ${most}`)
  return `MISSED, > ${most}`
}

const us = (value: number): string => `${value} µs`

heading('The hot path in memory: the token is in the wallet, fetch answers at once')
const hotPath = await benchHotPath()
row('', 'a request', 'adds')
row('bare stub', us(hotPath.bare), '')
row('hand-written wrapper', us(hotPath.wrapper), us(hotPath.wrapperAdds))
row('requester.fetch', us(hotPath.requester), us(hotPath.requesterAdds))
row('requester adds / wrapper adds', '', hotPath.ratio, held('hot path', hotPath.ratio, 1.5))

heading('Over HTTP on this machine, connections kept: the token is in the wallet')
const loopback = await benchLoopback()
row('', 'bare', 'with us', 'ratio')
for (const [way, { bare, withRequester, ratio, wrapper, wrapperRatio }] of Object.entries(loopback)) {
  if (wrapper && wrapperRatio) row('fetch, hand-written wrapper', us(bare), us(wrapper), wrapperRatio)
  row(way, us(bare), us(withRequester), ratio, way === 'fetch' ? held('loopback fetch', ratio, 1.05) : '')
}

heading('A handler of a host, guarded: the token was introspected before')
const host = await benchHost()
row('', 'bare', 'guarded', '')
row('in memory', us(host.memory.bare), us(host.memory.guarded))
row('the guard adds', '', us(host.memory.adds), held('the guard adds', host.memory.adds, 15))
row('over HTTP, node:http', us(host.loopback.bare), us(host.loopback.guarded))
row('guarded / bare', '', host.loopback.ratio, held('loopback host', host.loopback.ratio, 1.15))
row('calls to the server for 1,000 requests', '', host.callsPerThousand, held('host calls', host.callsPerThousand, 1))

heading('The wallet chooses')
const wallet = benchWallet()
row('RPTs held', 'known place', 'unknown place')
for (const { entries, known, unknown } of wallet) row(entries.toLocaleString('en'), us(known), us(unknown))
const [few, , many] = wallet as [WalletRow, WalletRow, WalletRow]
const growth = rounded(Math.max(many.known / few.known, many.unknown / few.unknown), 2)
row('choosing among 100,000', `${growth} × that among 10`, held('choosing among 100,000', growth, 1.5))

heading('A storage that holds 1,000 entries')
const storage = await benchStorage()
row('', 'read at start', 'flow, saved', 'flow in memory')
const ms = (value: number): string => `${value} ms`
for (const { storage: name, hydration, flow, flowInMemory } of storage.rows)
  row(name, ms(hydration), ms(flow), ms(flowInMemory))
row('an entry', `${storage.stored} B stored`, storage.heap ? `${storage.heap} B of heap` : 'heap: no gc')

heading('Bytes in a bundle (min+gzip; axios and ky themselves not counted)')
const sizes = await benchSizes()
row('core: fetch, UMA 2.0, any storage', sizes.core, held('core', sizes.core, 18_800))
row('axios way in adds', sizes.axiosAdds)
row('ky way in adds', sizes.kyAdds)

heading('The WWW-Authenticate parser: how much longer a hostile input takes when it doubles, up to 64 KiB')
const parser = await benchParser()
const worst = parser.reduce((one, other) => (other.worst > one.worst ? other : one))
row(`worst of ${parser.length} inputs: ${worst.name}`, rounded(worst.worst), held('parser', rounded(worst.worst), 3))

const { version: uma } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const seconds = Math.round((performance.now() - started) / 1000)
const results = {
  date: new Date().toISOString(),
  version: uma,
  node: process.version,
  cpus: availableParallelism(),
  cpu: cpus()[0]?.model ?? 'unknown',
  seconds,
  unit: 'µs (medians), bytes; storage: ms',
  hotPath,
  loopback,
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
  if (process.argv.includes('--check')) process.exitCode = 1
}
