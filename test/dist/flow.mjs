/**
 * A whole UMA flow through the package as it is installed, once for each way in: a tiny authorization server and a host in this file,
 * nothing but node:http. Prints "ok" for each way in.
 */
import { equal, ok } from 'node:assert/strict'
import { createServer } from 'node:http'
import axios from 'axios'
import ky from 'ky'
import { createRequester, isUmaError, none } from 'uma-requester'
import { attachRequester } from 'uma-requester/axios'
import { extendKy } from 'uma-requester/ky'

const log = []
const tickets = new Set()
const tokens = new Set()

async function serve(name, answer) {
  const server = createServer(async (req, res) => {
    let body = ''
    for await (const chunk of req) body += chunk
    const { status, headers = {}, json } = answer(req, body)
    log.push(`${req.method} ${name} ${req.url} ${status}`)
    res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(json))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => server.closeAllConnections() ?? server.close(),
  }
}

const as = await serve('as', (req, body) => {
  if (req.url === '/.well-known/uma2-configuration') {
    return { status: 200, json: { issuer: as.origin, token_endpoint: `${as.origin}/token` } }
  }
  const form = new URLSearchParams(body)
  equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:uma-ticket')
  equal(form.get('client_id'), 'spa')
  if (!tickets.delete(form.get('ticket'))) return { status: 400, json: { error: 'invalid_grant' } }
  const token = `rpt-${tokens.size}`
  tokens.add(token)
  return { status: 200, headers: { 'cache-control': 'no-store' }, json: { access_token: token, token_type: 'Bearer' } }
})

const host = await serve('host', (req, body) => {
  if (tokens.has(req.headers.authorization?.replace(/^Bearer /, '')))
    return { status: 200, json: { path: req.url, body } }
  const ticket = `ticket-${log.length}`
  tickets.add(ticket)
  const challenge = `UMA realm="photos", as_uri="${as.origin}", ticket="${ticket}"`
  return { status: 401, headers: { 'www-authenticate': challenge }, json: {} }
})

const requester = (hosts = [host.origin]) =>
  createRequester({ authorizationServers: [{ issuer: as.origin, hosts, client: { id: 'spa', auth: none() } }] })
const attached = (adapter) => {
  const api = axios.create({ adapter })
  attachRequester(api, requester())
  return async (url) => (await api.post(url, 'hello')).data
}
const { fetch } = requester()

const waysIn = {
  fetch: async (url) => (await fetch(url, { method: 'POST', body: 'hello' })).json(),
  'axios, http': attached('http'),
  'axios, fetch': attached('fetch'),
  ky: (url) => extendKy(ky, requester()).post(url, { body: 'hello' }).json(),
}

for (const [name, use] of Object.entries(waysIn)) {
  log.length = 0
  const answer = await use(`${host.origin}/alice/1.jpg`)
  equal(answer.path, '/alice/1.jpg')
  equal(answer.body, 'hello')
  equal(
    log.join('\n'),
    [
      'POST host /alice/1.jpg 401',
      'GET as /.well-known/uma2-configuration 200',
      'POST as /token 200',
      'POST host /alice/1.jpg 200',
    ].join('\n'),
  )
  console.log(`${name}: ok`)
}

const refused = await requester(['http://127.0.0.1:1'])
  .fetch(`${host.origin}/alice/1.jpg`)
  .catch((error) => error)
ok(isUmaError(refused, 'untrusted_authorization_server'))
console.log('refusal: ok')

as.close()
host.close()
