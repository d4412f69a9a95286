/** H4: a method that is not written in upper case is refused. HTTP/2 carries such methods; HTTP/1.1 of Node does not. */
import { type ClientHttp2Session, connect, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Host } from '../../src/host/index.ts'
import { guardNode } from '../../src/host/node.ts'
import { get, hosted } from '../host/hosted.ts'

async function http2Host(host: Host): Promise<{ session: ClientHttp2Session; executed: string[] }> {
  const executed: string[] = []
  const server = createServer(
    guardNode(host, (req, res) => {
      executed.push(String(req.method).toUpperCase())
      res.end('done')
    }) as never,
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => {
    session.destroy()
    server.close()
  })
  return { session, executed }
}

const send = (session: ClientHttp2Session, method: string, token: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const stream = session.request({ ':path': '/alice/1.jpg', ':method': method, authorization: `Bearer ${token}` })
    stream.on('response', (answer) => resolve(Number(answer[':status']))).on('error', reject)
    stream.resume()
  })

/** DELETE needs `delete` here; any other method needs `read`, and the token has only that. */
async function scene() {
  const kit = await hosted()
  const methods = { DELETE: ['delete'], '*': ['read'] }
  await kit.host.protect({ url: '/alice/1.jpg', owner: 'alice', methods })
  return { ...kit, token: await kit.tokenFor('/alice/1.jpg') }
}

describe('H4', () => {
  test.each(['delete', 'Delete', 'dELETE'])('HTTP/2, %s: 400, and nothing is executed', async (method) => {
    const { host, token } = await scene()
    const { session, executed } = await http2Host(host)
    expect(await send(session, method, token)).toBe(400)
    expect(executed).toEqual([])
    expect(await send(session, 'DELETE', token)).toBe(401)
    expect(await send(session, 'GET', token)).toBe(200)
    expect(executed).toEqual(['GET'])
  })

  test('a Request with a method that the platform does not write in upper case', async () => {
    const { host, token } = await scene()
    const handler = host.guard(() => new Response('done'))
    expect((await handler(get('/alice/1.jpg', token, { method: 'patch' }))).status).toBe(400)
    expect((await handler(get('/alice/1.jpg', token, { method: 'PATCH' }))).status).toBe(200)
  })
})
