/**
 * `npm run demo:web`: Alice's photos on one server, protected by her authorization server, and an album app where Bob looks at
 * them. Beside the album, every message of the flow is drawn as it happens.
 *
 *   npm run demo:web -- --port 9480     other ports: that one and the next two (DEMO_WEB_PORT does the same; 0: any)
 */
import { parseArgs } from 'node:util'
import { type DemoServers, startServers } from './web/servers.ts'

/** Something to say plainly, without a stack. */
class DemoError extends Error {}

function portOption(): number {
  let given = process.env.DEMO_WEB_PORT ?? '8480'
  try {
    given = parseArgs({ options: { port: { type: 'string' } } }).values.port ?? given
  } catch (error) {
    throw new DemoError((error as Error).message)
  }
  const port = Number(given)
  if (!Number.isInteger(port) || port < 0 || port > 65533) throw new DemoError(`--port ${given}: not a port`)
  return port
}

async function onPort<T>(who: string, port: number, start: (port: number) => Promise<T>): Promise<T> {
  try {
    return await start(port)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    const why = code === 'EACCES' ? 'may not be used' : 'is taken by another program'
    throw new DemoError(
      `The ${who} cannot start: port ${port} on 127.0.0.1 ${why}. Other ports: npm run demo:web -- --port ${port >= 9480 && port < 9490 ? 9580 : 9480}`,
    )
  }
}

let servers: DemoServers | undefined
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await servers?.close()
    process.exit(0)
  })
}

try {
  servers = await startServers(portOption(), onPort)
  console.log(`
  The album        ${servers.app}      open this one; log in as bob, any password
  Alice's photos   ${servers.host}
  Alice's AS       ${servers.as}

  Ctrl-C ends it.`)
} catch (error) {
  console.error(`\nThe demo failed. ${error instanceof DemoError ? error.message : (error as Error).stack}`)
  process.exitCode = 1
}
