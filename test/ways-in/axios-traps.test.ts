/** What stands around an axios request: interceptors that were there before, sockets, tokens that cancel many. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request as forward } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axios from 'axios'
import { expect, onTestFinished, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import { startWorld } from '../helpers/world.ts'
import { attachedAxios, rejection } from './kit.ts'

const path = '/alice/1.jpg'

test('uma: false, set by an interceptor that was there before', async () => {
  const world = await startWorld()
  const api = axios.create()
  api.interceptors.request.use((config) => Object.assign(config, { uma: false }))
  attachRequester(api, world.requester())
  expect(await rejection(api.get(world.host.origin + path))).toMatchObject({ response: { status: 401 } })
  expect(world.lines()).toEqual([`GET host ${path} 401`])
})

test('socketPath: the challenge is the host’s', async () => {
  const world = await startWorld()
  const folder = mkdtempSync(join(tmpdir(), 'uma-socket-'))
  const socketPath = join(folder, 'host.sock')
  // What stands at the socket hands everything to the host.
  const server = createServer((req, res) => {
    const { method, url, headers } = req
    req.pipe(
      forward(world.host.origin + url, { method, headers }, (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(res)
      }),
    )
  }).listen(socketPath)
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  })
  const api = attachedAxios(world.requester(), { adapter: 'http' })
  expect((await api.get(world.host.origin + path, { socketPath })).status).toBe(200)
})

test('a CancelToken for many requests is left without a listener of ours', async () => {
  const world = await startWorld()
  const api = attachedAxios(world.requester(), {})
  const { token } = axios.CancelToken.source()
  for (let i = 0; i < 5; i++) await api.get(world.host.origin + path, { cancelToken: token })
  const { _listeners: listeners } = token as unknown as { _listeners?: unknown[] | null }
  expect(listeners ?? []).toHaveLength(0)
})
