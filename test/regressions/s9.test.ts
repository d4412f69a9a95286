/** S9: a request of axios over a unix socket passes unchanged and shares no RPT. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startWorld } from '../helpers/world.ts'
import { attachedAxios } from '../ways-in/kit.ts'

const path = '/alice/1.jpg'

/** A server at a unix socket that challenges every request, and the headers that it received. */
async function atSocket(challenge: string): Promise<{ socketPath: string; received: IncomingHttpHeaders[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'uma-socket-'))
  const socketPath = join(folder, 'host.sock')
  const received: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    received.push(request.headers)
    response.writeHead(401, { 'www-authenticate': challenge }).end('no')
  }).listen(socketPath)
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  })
  return { socketPath, received }
}

test('S9: two sockets under one name share no RPT, and their challenges start no flow', async () => {
  const world = await startWorld()
  const challenge = `UMA as_uri="${world.as.issuer}", ticket="a-ticket"`
  const sockets = [await atSocket(challenge), await atSocket(challenge)]
  const api = attachedAxios(world.requester(), { adapter: 'http', validateStatus: () => true })
  // An RPT for this URL is held.
  expect((await api.get(world.host.origin + path)).status).toBe(200)
  world.recorder.clear()

  for (const { socketPath, received } of sockets) {
    const response = await api.get(world.host.origin + path, { socketPath })
    expect(response).toMatchObject({ status: 401, data: 'no' })
    expect(received.map(({ authorization }) => authorization)).toEqual([undefined])
  }
  expect(world.lines()).toEqual([])
})
