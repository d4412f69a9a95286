/** Vitest's global set-up: a Redis server on a free loopback port for the whole run, where `redis-server` is installed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

/** Whether something answers PING there. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (data) => resolve(data.toString().startsWith('+PONG')))
    socket.once('error', () => resolve(false))
    socket.setTimeout(1000, () => resolve(false))
  }).then((pong) => pong as boolean)
}

async function ready(server: ChildProcess, port: number): Promise<boolean> {
  let gone = false
  server.once('error', () => {
    gone = true
  })
  server.once('exit', () => {
    gone = true
  })
  for (let attempt = 0; attempt < 100; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    if (gone) return false
    if (await answers(port)) return true
  }
  return false
}

export async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.UMA_TEST_REDIS_URL) return undefined
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'uma-redis-'))
  const options = [
    '--bind',
    '127.0.0.1',
    '--port',
    String(port),
    '--dir',
    directory,
    '--save',
    '',
    '--appendonly',
    'no',
  ]
  const server = spawn('redis-server', options, { stdio: 'ignore' })
  const stop = async () => {
    if (server.exitCode === null && server.kill()) await new Promise((resolve) => server.once('exit', resolve))
    rmSync(directory, { recursive: true, force: true })
  }
  if (!(await ready(server, port))) {
    if (server.pid !== undefined) await stop()
    else rmSync(directory, { recursive: true, force: true })
    return undefined
  }
  process.env.UMA_TEST_REDIS_URL = `redis://127.0.0.1:${port}`
  return stop
}
