/**
 * Sends one request that is challenged once, and prints the files whose functions ran between the challenge and the second
 * send, as V8 counts them. It uses the built package and no sockets.
 */
import { Session } from 'node:inspector'
import { createRequester, none } from '../../dist/index.js'

const issuer = 'https://as.example'
const host = 'https://photos.example'
const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })

/** The files of the package whose functions ran since the last call. */
function filesSince() {
  const files = new Set()
  session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
    for (const { url, functions } of result) {
      const file = /\/dist\/(.*)\.js$/.exec(url)?.[1]
      const ran = functions.some(({ functionName, ranges: [range] }) => functionName !== '' && range.count > 0)
      if (file && ran) files.add(`src/${file}.ts`)
    }
  })
  return [...files].sort()
}

const json = (body) => new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } })
let files = []

globalThis.fetch = async (input, init) => {
  const url = String(input)
  if (url.startsWith(`${issuer}/.well-known`)) return json({ issuer, token_endpoint: `${issuer}/token` })
  if (url === `${issuer}/token`) return json({ access_token: 'rpt', token_type: 'Bearer' })
  if (new Headers(init?.headers).has('authorization')) {
    files = filesSince()
    return new Response('photo')
  }
  filesSince()
  const challenge = `UMA realm="photos", as_uri="${issuer}", ticket="ticket"`
  return new Response('', { status: 401, headers: { 'www-authenticate': challenge } })
}

const requester = createRequester({
  authorizationServers: [{ issuer, hosts: [host], client: { id: 'album', auth: none() } }],
})
const { status } = await requester.fetch(`${host}/alice/1.jpg`)
console.log(JSON.stringify({ status, files }))
