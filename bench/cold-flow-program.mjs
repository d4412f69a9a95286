/**
 * `node bench/cold-flow-program.mjs <folder of the built package> <flows>`: runs cold flows in memory against a stub of
 * fetch, one after the other, each for a place of its own, and prints the processor time of one flow in µs, and the timers
 * that are left at the end.
 */
import { pathToFileURL } from 'node:url'

const [, , folder = 'dist', count = '2000'] = process.argv
const { createRequester, none } = await import(pathToFileURL(`${folder}/index.js`).href)

const issuer = 'https://as.example'
const host = 'https://photos.example'
let tickets = 0
const json = (body) => new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } })

globalThis.fetch = async (input, init) => {
  const url = String(input)
  if (url.startsWith(`${issuer}/.well-known`)) return json({ issuer, token_endpoint: `${issuer}/token` })
  if (url === `${issuer}/token`) return json({ access_token: `rpt-${tickets}`, token_type: 'Bearer', upgraded: true })
  const path = url.slice(host.length)
  const authorization = new Headers(init?.headers).get('authorization')
  if (authorization === `Bearer rpt-${tickets}` && tickets > 0 && path === `/${tickets}`) return new Response('photo')
  tickets = Number(path.slice(1))
  const challenge = `UMA realm="photos", as_uri="${issuer}", ticket="ticket-${tickets}"`
  return new Response('', { status: 401, headers: { 'www-authenticate': challenge } })
}

const server = { issuer, hosts: [host], client: { id: 'album', auth: none() } }

async function flows(from, number) {
  const requester = createRequester({ authorizationServers: [server] })
  for (let n = from; n < from + number; n++) {
    const { status } = await requester.fetch(`${host}/${n}`)
    if (status !== 200) throw new Error(`flow ${n} ended with ${status}`)
  }
}

await flows(1, 500)
const before = process.cpuUsage()
await flows(1000, Number(count))
const { user, system } = process.cpuUsage(before)
const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
console.log(JSON.stringify({ cpu: (user + system) / Number(count), timers }))
