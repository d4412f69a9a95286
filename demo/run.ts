/**
 * `npm run demo`: an authorization server and a photo server on this machine, and three programs that read and write protected
 * photos there, with fetch, axios and ky. What goes over the wire is told step by step.
 *
 *   npm run demo -- --port 9470     other ports: that one and the next (DEMO_PORT does the same)
 */
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { UmaEvent } from '../src/index.ts'
import { startAuthorizationServer } from '../test/helpers/authorization-server.ts'
import { HOST_AGENT } from '../test/helpers/host.ts'
import { type RecordedRequest, WireRecorder } from '../test/helpers/recorder.ts'
import { paint, print, printBehind, printRequest, printTable } from './narrate.ts'
import { startPhotoServer } from './photo-server.ts'

/** What a program tells: see program.mjs. */
type Message = { begin: string } | { end: unknown } | { failed: string } | { event: UmaEvent }

const PROGRAMS = ['fetch', 'axios', 'ky']
/** Requests that each step takes, on each of the three ways. Anything else is a failure. */
const EXPECTED: Record<string, number> = {
  'read a photo': 4,
  'read a second photo': 3,
  'write a new photo': 3,
  'read it back': 3,
  'read the first photo again': 1,
}
const TIME_LIMIT = 60_000

/** Something to say plainly, without a stack. */
class DemoError extends Error {}

const closers: (() => Promise<void> | void)[] = []

async function cleanUp(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close()
}

function portOption(): string | undefined {
  try {
    return parseArgs({ options: { port: { type: 'string' } } }).values.port
  } catch (error) {
    throw new DemoError((error as Error).message)
  }
}

function ports(): [number, number] {
  const given = portOption() ?? process.env.DEMO_PORT ?? '8470'
  const port = Number(given)
  if (!Number.isInteger(port) || port < 0 || port > 65534) throw new DemoError(`--port ${given}: not a port`)
  return [port, port && port + 1]
}

async function onPort<T>(port: number, who: string, start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE' || code === 'EACCES') {
      const why = code === 'EACCES' ? 'may not be used' : 'is taken by another program'
      throw new DemoError(
        `The ${who} cannot start: port ${port} on 127.0.0.1 ${why}. Other ports: npm run demo -- --port ${port === 9470 ? 9570 : 9470}`,
      )
    }
    throw error
  }
}

async function startServers(recorder: WireRecorder): Promise<{ issuer: string; photos: string }> {
  const [asPort, hostPort] = ports()
  const as = await onPort(asPort, 'authorization server', () => startAuthorizationServer({ recorder, port: asPort }))
  closers.push(as.close)
  const host = await onPort(hostPort, 'photo server', () => startPhotoServer(as, hostPort, recorder))
  closers.push(host.close)
  return { issuer: as.issuer, photos: host.origin }
}

/** Runs one program and narrates it; resolves with the requests that each step took. */
async function runProgram(
  name: string,
  env: Record<string, string>,
  recorder: WireRecorder,
): Promise<Map<string, number>> {
  const file = `demo/with-${name}.mjs`
  print(paint(['bold', 'cyan'], `\n── ${name} ── ${file} ${'─'.repeat(Math.max(0, 60 - 2 * name.length))}`))
  const counts = new Map<string, number>()
  const program = fork(fileURLToPath(new URL(`with-${name}.mjs`, import.meta.url)), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  const stop = (): void => void program.kill('SIGKILL')
  closers.push(stop)
  let complaints = ''
  program.stderr?.on('data', (chunk) => (complaints += chunk))
  let step = 'start'
  let failure: string | undefined
  let events: string[] = []
  program.on('message', (message: Message) => {
    if (failure) return
    if ('begin' in message) {
      step = message.begin
      events = []
      recorder.clear()
      print(`\n ${paint('bold', step)}`)
    } else if ('event' in message) events.push(message.event.type)
    else if ('failed' in message) failure = message.failed
    else {
      const count = narrate(recorder.requests, events)
      counts.set(step, count)
      print(
        `      ${paint('green', '✓')} ${typeof message.end === 'string' ? message.end : JSON.stringify(message.end)}`,
      )
      const expected = EXPECTED[step]
      if (count !== expected) {
        failure = `it took ${count} requests, not ${expected}`
        stop()
      }
    }
  })
  const { code, signal } = await ended(program)
  closers.splice(closers.indexOf(stop), 1)
  if (!failure && code === 0 && counts.size === Object.keys(EXPECTED).length) return counts
  if (failure && !counts.has(step)) narrate(recorder.requests, events)
  if (complaints && !failure) print(complaints)
  const why = failure ?? (signal ? `the program was ended by ${signal}` : `the program ended with exit code ${code}`)
  throw new DemoError(`${file}, ${counts.has(step) && !failure ? 'after step' : 'step'} "${step}": ${why}`)
}

function narrate(requests: RecordedRequest[], events: string[]): number {
  const own = requests.filter(({ headers }) => headers['user-agent'] !== HOST_AGENT)
  own.forEach((request, index) => {
    printRequest(index + 1, request)
  })
  printBehind(requests.filter((request) => !own.includes(request)))
  if (events.length) print(paint('dim', `      onEvent: ${events.join(' · ')}`))
  return own.length
}

function ended(program: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve, reject) => {
    program.once('error', reject)
    program.once('close', (code, signal) => resolve({ code, signal }))
  })
}

async function demo(): Promise<void> {
  if (!existsSync(new URL('../dist/index.js', import.meta.url)))
    throw new DemoError('The package is not built yet: npm run build')
  const recorder = new WireRecorder()
  const { issuer, photos } = await startServers(recorder)
  print(paint('bold', 'uma-requester: three programs read and write photos that Alice protects'))
  print(`\n   ${paint('blue', 'photos')}  ${photos}   the photo server (UMA: resource server)`)
  print(`   ${paint('magenta', 'as    ')}  ${issuer}   Alice's authorization server, which decides and issues tokens`)
  print('\n   None of the three holds a token at first. Tickets and tokens are shown by their first letters.')
  const results: Map<string, number>[] = []
  for (const name of PROGRAMS) results.push(await runProgram(name, { ISSUER: issuer, PHOTOS: photos }, recorder))
  print(paint('bold', '\nRequests that each step took\n'))
  const meanings = [
    'challenge, discovery, token, again',
    'challenge, token, again',
    'challenge, token, again',
    'challenge, token, again',
    'the token is held',
  ]
  const steps = Object.keys(EXPECTED)
  printTable([
    ['', ...PROGRAMS, ''],
    ...steps.map((step, index) => [
      step,
      ...results.map((counts) => String(counts.get(step))),
      meanings[index] as string,
    ]),
  ])
  print(
    `\n${paint('green', '✓')} All as expected. The programs: ${PROGRAMS.map((name) => `demo/with-${name}.mjs`).join(', ')}`,
  )
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, async () => {
    await cleanUp()
    process.exit(code)
  })
}

let timer: NodeJS.Timeout | undefined
try {
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DemoError(`It took longer than ${TIME_LIMIT / 1000} seconds`)), TIME_LIMIT)
  })
  await Promise.race([demo(), late])
} catch (error) {
  const text = error instanceof DemoError ? error.message : (error as Error).stack
  console.error(paint('red', `\n✗ The demo failed. ${text}`))
  process.exitCode = 1
} finally {
  clearTimeout(timer)
  await cleanUp()
}
