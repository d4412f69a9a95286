/** The examples of the public API: their code, their types against the built package, and those for Node at work. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import express, { type Request as ExpressRequest } from 'express'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as imports from '../../examples/design/imports.ts'
import { createAlbum as createInMemory } from '../../examples/design/in-memory.ts'
import { createAlbum as createWithKeyv } from '../../examples/design/key-value.ts'
import { createAlbum as createWithPuma } from '../../examples/design/puma-dynamic-client.ts'
import { comeBack, createAlbum as createOnServer, showPhoto } from '../../examples/design/server.ts'
import { byClaims, follow, go } from '../redirect/server-kit.ts'
import { managersPerson, name, REDIRECT_URI, startAmWorld } from '../schemes/kit.ts'
import { photo, photosOrigin, redirectFetch, startServers } from './design-kit.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'examples/design')
const files = readdirSync(folder).filter((file) => file.endsWith('.ts'))
const textOf = (file: string): string => readFileSync(join(folder, file), 'utf8')

/** The lines of each example. The other lines of its file declare the names that these lines take as given. */
const lines: Record<string, string[]> = {
  'imports.ts': [
    "import { createRequester, none, bearer, isUmaError, findUmaError } from 'uma-requester' // or createRequester from 'uma-requester/lazy'",
    "import { attachRequester } from 'uma-requester/axios'",
    "import { extendKy } from 'uma-requester/ky'",
    "import { pageRedirect } from 'uma-requester/redirect/page' // also: popup, loopback, server",
    "import { handleCallback } from 'uma-requester/callback' // one function for page, popup and server",
    "import { serverRedirect, redirectOf } from 'uma-requester/redirect/server'",
    "import { indexedDBStorage } from 'uma-requester/storage/indexed-db' // also: web-storage, sqlite, redis, key-value",
    "import { codeFlow } from 'uma-requester/sign-in'",
    "import { dynamicClient } from 'uma-requester/client/dynamic'",
    "import { inspect, parties } from 'uma-requester/inspect'",
    "import { defineScheme, uma2, parseChallenges } from 'uma-requester/scheme'",
  ],
  'in-memory.ts': [
    "const as = { authorizationServers: [{ issuer, hosts: ['https://photos.example.com'], client: { id: 'album' } }] }",
    'createRequester(as)',
  ],
  'popup-indexed-db.ts': [
    'createRequester({ ...as, requestingParty: () => session.user, storage: indexedDBStorage(), redirectUri, onRedirect: popupRedirect() })',
  ],
  'page-session-storage.ts': [
    'createRequester({ ...as, requestingParty: () => session.user, storage: webStorage(sessionStorage), redirectUri, onRedirect: pageRedirect() })',
  ],
  'callback-page.ts': ['const { request, replay } = await handleCallback(requester)'],
  'server.ts': [
    "createRequester({ ...as, requestingParty: 'app', storage: sqliteStorage({ path }), redirectUri, onRedirect: serverRedirect() })",
    'try { answer = await requester.as(user).fetch(url) }',
    'catch (error) { if (redirectOf(error)) return response.redirect(303, redirectOf(error)); throw error }',
  ],
  'key-value.ts': ["createRequester({ ...as, requestingParty: 'app', storage: keyValueStorage(new Keyv()) })"],
  'puma-dynamic-client.ts': [
    'const server = { issuer, hosts, scheme: puma(), client: dynamicClient({ client_name, redirect_uris: [redirectUri] }) }',
  ],
}

test('each file has the lines of its example', () => {
  expect(files.sort()).toEqual(Object.keys(lines).sort())
  const missing = files.flatMap((file) => lines[file]?.filter((line) => !textOf(file).includes(line)))
  expect(missing).toEqual([])
})

test('the examples and their tests compile with the built package', () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { cwd: root, encoding: 'utf8' })
  expect(stdout).toBe('')
  expect(status).toBe(0)
})

test('every import is there', () => {
  const { scheme, ...lists } = imports
  expect(scheme.name).toBe('uma2')
  const values = Object.values(lists).flat()
  expect(values.map((value) => typeof value)).toEqual(values.map(() => 'function'))
})

describe('tokens are kept', () => {
  test.each([
    ['in memory', createInMemory],
    ['by Keyv', createWithKeyv],
  ])('%s', async (_where, createAlbum) => {
    const world = await startServers()
    redirectFetch(world)
    const requester = createAlbum(world.as.issuer)
    expect((await requester.fetch(photo)).status).toBe(200)
    expect(world.lines()).toEqual([
      'GET host /alice/1.jpg 401',
      'GET as /.well-known/uma2-configuration 200',
      'POST as /token 200',
      'GET host /alice/1.jpg 200',
    ])
    world.recorder.clear()
    expect((await requester.fetch(photo)).status).toBe(200)
    expect(world.lines()).toEqual(['GET host /alice/1.jpg 200'])
  })
})

/** Serves an app on a port of its own. */
async function serve(listener: () => RequestListener): Promise<string> {
  const server = createServer((request, response) => listener()(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a server with Express: people are redirected and come back', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'uma-design-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const app = express()
  const origin = await serve(() => app)
  const redirectUri = `${origin}/callback`
  const world = await startServers([redirectUri], { as: { policy: byClaims } })
  redirectFetch(world)
  const requester = createOnServer(world.as.issuer, redirectUri, join(directory, 'tokens.sqlite'))
  const userOf = (request: ExpressRequest): string => request.header('x-user') ?? ''
  app.get('/photos/*path', async (request, response) => {
    const url = photosOrigin + request.path.slice('/photos'.length)
    const answer = await showPhoto(requester, userOf(request), url, response)
    if (answer) response.status(answer.status).send(await answer.text())
  })
  app.get('/callback', async (request, response) => {
    const url = await comeBack(requester, userOf(request), request.originalUrl)
    response.redirect(303, `/photos${new URL(url ?? photosOrigin).pathname}`)
  })
  const first = await go({ origin }, 'bob', '/photos/alice/1.jpg')
  expect([first.status, new URL(first.location).origin]).toEqual([303, world.as.issuer])
  const end = await follow({ origin }, 'bob', first)
  expect([end.status, JSON.parse(end.text).path]).toEqual([200, '/alice/1.jpg'])
  expect((await go({ origin }, 'alice', '/photos/alice/1.jpg')).status).toBe(303)
})

test('Puma: the client registers itself, and Alice reads her own', async () => {
  const world = await startAmWorld('puma')
  const requester = createWithPuma({
    issuer: world.am.issuer,
    hosts: [world.host.origin],
    client_name: 'Album',
    redirectUri: REDIRECT_URI,
    onRedirect: managersPerson('alice'),
  })
  const answer = await requester.fetch(world.host.origin + name)
  expect(await answer.json()).toEqual({ path: name, owner: 'alice' })
  const [registration] = world.recorder.to('am', ({ path }) => path.includes('register'))
  expect(JSON.parse(String(registration?.body))).toMatchObject({ client_name: 'Album' })
})
