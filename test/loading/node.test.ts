/** Every option's part in Node, in the built package: it is loaded when it is first needed. */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { onlyPeople, REDIRECT_URI } from '../helpers/authorization-server.ts'
import { redisUrl } from '../helpers/redis.ts'
import { startWorld } from '../helpers/world.ts'
import { root } from '../house/sources.ts'
import { freePort } from '../redirect/loopback-kit.ts'
import { person } from '../sign-in/kit.ts'
import { type Part, parts } from './bundles.ts'

interface Outcome {
  status?: number
  code?: string
  loaded: string[]
}

interface Report {
  outcomes: Outcome[]
  servers: number
  names: string[]
}

interface Run {
  entry: string
  setup: string
  /** The module that cannot be loaded the first time. */
  failOnce?: string
}

/** The two worlds: people sign in at Keycloak's kind of server, and are asked at the claims page of another one. */
const worlds: Record<string, object> = {
  own: { policy: onlyPeople('alice'), quirks: { clientAuth: 'bearer-only' } },
  server: { policy: onlyPeople('alice'), quirks: { clientAuth: 'bearer-only' } },
  loopback: { policy: onlyPeople('alice') },
}

/** Runs the program with one setup. Alice goes where the program sends her. */
async function run({ entry, setup, failOnce }: Run): Promise<Report> {
  const port = await freePort()
  const claimsRedirectUris = [`http://127.0.0.1:${port}/callback`]
  const world = await startWorld({ host: { direct: true }, as: { claimsRedirectUris, ...worlds[setup] } })
  const directory = mkdtempSync(join(tmpdir(), 'uma-loading-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const places = {
    as: world.as.issuer,
    host: world.host.origin,
    redirectUri: REDIRECT_URI,
    sqlite: join(directory, 'tokens.db'),
    redisUrl,
    port,
    accessToken: await world.as.issueAccessToken({ account: 'alice', clientId: 'spa' }),
  }
  const program = fork(
    join(root, 'test/loading/node-program.mjs'),
    [JSON.stringify({ entry, setup, places, failOnce })],
    {
      execPath: join(root, 'node_modules/node/bin/node'),
      execArgv: [],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    },
  )
  onTestFinished(() => void program.kill())
  let complaints = ''
  program.stderr?.on('data', (data) => {
    complaints += data
  })
  const alice = person('alice')
  return new Promise((resolve, reject) => {
    program.on('message', (message: Report | { url: string }) => {
      if (!('url' in message)) return resolve(message)
      alice(message.url).then((back) => program.send(back), reject)
    })
    program.on('exit', (code) => reject(new Error(`The program ended with ${code}\n${complaints}`)))
  })
}

const partsIn = (loaded: string[]): Part[] =>
  (Object.keys(parts) as Part[]).filter((part) => loaded.includes(parts[part]))

interface Case {
  setup: string
  /** The parts that are loaded for the first challenge; by the main entry, the storage is loaded for the first request. */
  late: Part[]
}

const cases: Case[] = [
  { setup: 'memory', late: ['engine'] },
  { setup: 'secret', late: ['engine', 'storage', 'client authentication'] },
  { setup: 'registering', late: ['engine', 'registration'] },
  { setup: 'own', late: ['engine', 'sign-in keeper', 'sign-in interaction'] },
  { setup: 'sqlite', late: ['engine', 'storage'] },
  { setup: 'redis', late: ['engine', 'storage'] },
  { setup: 'loopback', late: ['engine'] },
  {
    setup: 'server',
    late: ['engine', 'storage', 'sign-in keeper', 'sign-in interaction', 'code flow', 'kept flow'],
  },
]

describe.each(['uma-requester', 'uma-requester/lazy'])('%s', (entry) => {
  for (const { setup, late } of cases) {
    const isLazy = entry !== 'uma-requester'
    const early: Part[] = isLazy || !late.includes('storage') ? [] : ['storage']
    const alreadyThere: Part[] = isLazy ? [] : ['engine', ...early]
    const declare = setup === 'redis' ? test.skipIf(!redisUrl) : test
    declare(setup, async () => {
      const { outcomes, servers, names } = await run({ entry, setup })
      expect(outcomes.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
      const [open, first, ...others] = outcomes.map(({ loaded }) => partsIn(loaded))
      expect(open).toEqual(early)
      expect(first).toEqual(late.filter((part) => !alreadyThere.includes(part)))
      expect(others).toEqual([[], [], []])
      if (early.length === 0) expect(outcomes[0]?.loaded.filter((module) => module.startsWith('dist/'))).toEqual([])
      expect(servers).toBe(1)
      expect(names).toHaveLength(1)
    })
  }
})

const failures: [Part, string][] = [
  ['engine', 'memory'],
  ['client authentication', 'secret'],
  ['registration', 'registering'],
  ['sign-in interaction', 'own'],
  ['code flow', 'server'],
  ['kept flow', 'server'],
]

test.each(failures)('%s cannot be loaded once: LoadError, and the next request loads it', async (part, setup) => {
  const { outcomes } = await run({ entry: 'uma-requester/lazy', setup, failOnce: parts[part] })
  expect(outcomes[0]?.status).toBe(200)
  const { loaded: _before, ...failure } = outcomes[1] ?? expect.fail('no outcome')
  expect(failure).toMatchObject({ name: 'LoadError', code: 'load_failed', retryable: false, unread: true })
  // There is no page that could be reloaded.
  expect(failure).not.toMatchObject({ message: expect.stringContaining('reload') })
  expect(outcomes[2]?.status).toBe(200)
  expect(partsIn(outcomes[2]?.loaded ?? [])).toContain(part)
})
