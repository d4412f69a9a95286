/** The road between a host and its authorization server, over real sockets, and what can happen on it. */
import { onTestFinished } from 'vitest'
import { listen, readBody, send } from '../helpers/http.ts'

/**
 * closed port: nobody listens. reset: the connection breaks. slow: no answer, ever. slow body: an answer that never ends. 500, HTML:
 * instead of the true answer. wrong issuer: in the metadata. PAT refused: 401 to every call with a PAT.
 */
export type Fault = 'closed port' | 'reset' | 'slow' | 'slow body' | '500' | 'HTML' | 'wrong issuer' | 'PAT refused'

export interface Road {
  fault: Fault | undefined
  /** Calls that the host has made, whether they arrived or not. */
  calls: number
  /** For `createHost`. */
  fetch: typeof fetch
}

/** Privileged and unused: a connection to it is refused, and nobody can take it meanwhile. */
const closedPort = 2

const hopByHop = /^(?:connection|keep-alive|transfer-encoding|content-length|content-encoding|host)$/

export async function openRoad(): Promise<Road> {
  let destination = ''

  const server = await listen(async (req, res) => {
    const { fault } = road
    const body = await readBody(req)
    const { url = '', method = '', headers } = req
    if (fault === 'reset') return req.socket.resetAndDestroy()
    if (fault === 'slow') return
    if (fault === 'slow body') {
      res.writeHead(200, { 'content-type': 'application/json' })
      return res.write('{"active":true,"ticket":"')
    }
    if (fault === '500') return send(res, { status: 500, body: { error: 'server_error' } })
    if (fault === 'HTML')
      return send(res, { status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>It works!</h1>' })
    if (fault === 'PAT refused' && /^bearer /i.test(headers.authorization ?? ''))
      return send(res, { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
    const passed = Object.entries(headers).filter(([name]) => !hopByHop.test(name)) as [string, string][]
    const answer = await fetch(destination + url, {
      method,
      headers: passed,
      body: body.length ? new Uint8Array(body) : null,
    }).catch(() => undefined)
    // The end of a test, or of the authorization server: the road breaks off there.
    if (!answer) return req.socket.destroy()
    let text = await answer.text()
    if (fault === 'wrong issuer' && url.includes('uma2-configuration'))
      text = JSON.stringify({ ...JSON.parse(text), issuer: 'https://evil.example' })
    const kept = [...answer.headers].filter(([name]) => !hopByHop.test(name))
    send(res, { status: answer.status, headers: Object.fromEntries(kept), body: text })
  })
  onTestFinished(server.close)

  const road: Road = {
    fault: undefined,
    calls: 0,
    fetch(input, init) {
      road.calls++
      const { origin, pathname, search } = new URL(String(input))
      destination = origin
      const way = road.fault === 'closed port' ? `http://127.0.0.1:${closedPort}` : server.origin
      return fetch(way + pathname + search, init)
    },
  }
  return road
}
