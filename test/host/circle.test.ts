/** The full circle over HTTP: this host behind Express, Hono and node:http, and in front of it bare sockets, or our own requester. */
import express from 'express'
import { Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import { honoGuard } from '../../src/host/hono.ts'
import { accessOf, type Host } from '../../src/host/index.ts'
import { expressGuard, guardNode, toNodeListener } from '../../src/host/node.ts'
import { createRequester, none } from '../../src/index.ts'
import { umaChallenges } from '../../src/protocol/uma2/challenge.ts'
import { listen, readBody } from '../helpers/http.ts'
import { hosted } from './hosted.ts'
import { rawRequest } from './raw.ts'

type Listener = Parameters<typeof listen>[0]

const servers: Record<string, (host: Host) => Listener> = {
  'node:http': (host) =>
    guardNode(host, async (req, res) => {
      const body = await readBody(req)
      res.end(`${req.method} ${body} for ${accessOf(req)?.rpt.clientId}`)
    }),
  Express: (host) => {
    const app = express()
    app.use('/alice', expressGuard(host), express.text(), (req, res) => {
      res.send(`${req.method} ${typeof req.body === 'string' ? req.body : ''} for ${accessOf(req)?.rpt.clientId}`)
    })
    return app
  },
  Hono: (host) => {
    const app = new Hono()
    app.use('/alice/*', honoGuard(host))
    app.all('/alice/*', async (c) => {
      return c.text(`${c.req.method} ${await c.req.text()} for ${accessOf(c.req.raw)?.rpt.clientId}`)
    })
    return toNodeListener(app.fetch)
  },
}

describe.each(Object.entries(servers))('%s', (_, serve) => {
  async function scene() {
    const world = await hosted()
    await world.host.protect({ url: '/alice/*', owner: 'alice' })
    const server = await listen(serve(world.host))
    onTestFinished(server.close)
    return { ...world, server }
  }

  test('F-R-a, F-R-b: with bare sockets', async () => {
    const { server, rpt, as } = await scene()
    const head = ['GET /alice/1.jpg HTTP/1.1', 'Host: photos.example']
    const refused = await rawRequest(server.port, head)
    expect(refused.status).toBe(401)
    const [challenge] = umaChallenges(refused.headers('www-authenticate')[0] ?? '')
    expect(challenge?.issuer).toBe(as.issuer)
    const token = await rpt(challenge?.ticket ?? '')
    const answer = await rawRequest(server.port, [...head, `Authorization: Bearer ${token}`])
    expect([answer.status, answer.body.includes('GET  for spa')]).toEqual([200, true])
    expect(answer.headers('vary')).toContain('Authorization')
  })

  test('with the requester: it just works, and an upgrade too', async () => {
    const { server, as } = await scene()
    const requester = createRequester({
      authorizationServers: [{ issuer: as.issuer, hosts: [server.origin], client: { id: 'spa', auth: none() } }],
    })
    const url = `${server.origin}/alice/1.jpg`
    expect(await (await requester.fetch(url)).text()).toBe('GET  for spa')
    const headers = { 'content-type': 'text/plain' }
    const written = await requester.fetch(url, { method: 'PUT', headers, body: 'a new photo' })
    expect(await written.text()).toBe('PUT a new photo for spa')
    expect(await (await requester.fetch(url)).text()).toBe('GET  for spa')
    expect(as.stats.tokenRequests).toBe(2)
    expect(as.stats.ticketsReplayed).toBe(0)
  })
})
