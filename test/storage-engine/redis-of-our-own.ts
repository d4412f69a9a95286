/** A Redis server that a test may stop and start again, on one port, with what it was told on disk. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { onTestFinished } from 'vitest'

export interface OwnRedis {
  url: string
  start(): Promise<void>
  /** By its process id; what was acknowledged is on disk. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

export async function redisOfOurOwn(): Promise<OwnRedis> {
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  const directory = mkdtempSync(join(tmpdir(), 'uma-own-redis-'))
  const options = [
    '--bind',
    '127.0.0.1',
    '--port',
    `${port}`,
    '--dir',
    directory,
    '--save',
    '',
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
  ]
  let server: ReturnType<typeof spawn> | undefined

  const own: OwnRedis = {
    url,
    async start() {
      server = spawn('redis-server', options, { stdio: 'ignore' })
      for (let attempt = 0; attempt < 100; attempt++) {
        const client = createClient({ url, socket: { reconnectStrategy: false } })
        client.on('error', () => {})
        // A server that still loads its data refuses the PING.
        const ping = client.connect().then(() => client.ping())
        const there = await ping.then(
          () => true,
          () => false,
        )
        client.destroy()
        if (there) return
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      throw new Error('redis-server does not start')
    },
    async stop(signal = 'SIGTERM') {
      if (!server || server.exitCode !== null || !server.kill(signal)) return
      await new Promise((resolve) => server?.once('exit', resolve))
    },
  }
  onTestFinished(async () => {
    await own.stop('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })
  await own.start()
  return own
}
