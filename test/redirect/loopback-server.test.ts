/** The one-shot server of `loopbackRedirect`: what it answers, what it ignores, and that it goes. */
import { getEventListeners } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type CallContext, isUmaError } from '../../src/index.ts'
import { type LoopbackRedirectOptions, loopbackRedirect } from '../../src/redirect/loopback.ts'
import { rejection, tick } from '../flows/kit.ts'
import { listening, raw } from './loopback-kit.ts'

const state = 'c3RhdGU_of-this-redirect'

/** A redirect under way. */
async function waits(options: Partial<LoopbackRedirectOptions> = {}) {
  const controller = new AbortController()
  const context: CallContext = {
    requestingParty: undefined,
    issuer: 'https://as.example.com',
    resource: 'https://host.example/x',
    signal: controller.signal,
  }
  onTestFinished(() => controller.abort())
  const shown: string[] = []
  const opened = await loopbackRedirect({ show: (url) => shown.push(url), ...options }).open(context)
  const { redirectUri = '' } = opened
  const { port, pathname } = new URL(redirectUri)
  let settled = false
  const run = opened.run({ ...context, url: 'https://as.example.com/rqp_claims?ticket=t', state, redirectUri })
  run.then(
    () => (settled = true),
    () => (settled = true),
  )
  return { controller, context, redirectUri, port: Number(port), path: pathname, run, shown, settled: () => settled }
}

test('the URL that the person came back on, as it was', async () => {
  const { port, redirectUri, run, shown } = await waits()
  expect(redirectUri).toBe(`http://127.0.0.1:${port}/callback`)
  expect(shown).toEqual(['https://as.example.com/rqp_claims?ticket=t'])
  const query = `?ticket=a%2Fb%2B&state=${state}&x=%20`
  expect((await raw(port, { path: `/callback${query}` })).status).toBe(200)
  expect(await run).toBe(redirectUri + query)
  expect(await listening(port)).toBe(false)
})

const ignored: [string, number, (port: number) => Parameters<typeof raw>[1]][] = [
  ['another path', 404, () => ({ path: `/?ticket=x&state=${state}` })],
  ['a longer path', 404, () => ({ path: `/callback/?ticket=x&state=${state}` })],
  ['the path in capitals', 404, () => ({ path: `/CALLBACK?ticket=x&state=${state}` })],
  ['a second slash', 404, () => ({ path: `//callback?ticket=x&state=${state}` })],
  ['the favicon', 404, () => ({ path: '/favicon.ico' })],
  [
    'Host: another name (DNS rebinding)',
    404,
    () => ({ path: `/callback?ticket=x&state=${state}`, host: 'evil.example' }),
  ],
  [
    'Host: another name, the right port',
    404,
    (port) => ({ path: `/callback?ticket=x&state=${state}`, host: `evil.example:${port}` }),
  ],
  ['Host: localhost', 404, (port) => ({ path: `/callback?ticket=x&state=${state}`, host: `localhost:${port}` })],
  ['Host: without the port', 404, () => ({ path: `/callback?ticket=x&state=${state}`, host: '127.0.0.1' })],
  ['Host: another port', 404, (port) => ({ path: `/callback?ticket=x&state=${state}`, host: `127.0.0.1:${port + 1}` })],
  ['an absolute target', 404, () => ({ path: `http://evil.example/callback?ticket=x&state=${state}` })],
  ['POST', 405, () => ({ method: 'POST', path: `/callback?ticket=x&state=${state}` })],
  ['HEAD', 405, () => ({ method: 'HEAD', path: `/callback?ticket=x&state=${state}` })],
  ['OPTIONS', 405, () => ({ method: 'OPTIONS', path: `/callback?ticket=x&state=${state}` })],
  ['another state', 400, () => ({ path: '/callback?ticket=x&state=other' })],
  ['no state', 400, () => ({ path: '/callback?ticket=x' })],
  ['an empty state', 400, () => ({ path: '/callback?ticket=x&state=' })],
  ['an error with another state', 400, () => ({ path: '/callback?error=access_denied&state=other' })],
  ['the state in a fragment-like path', 404, () => ({ path: `/callback%23?ticket=x&state=${state}` })],
]
test.each(ignored)('%s: %i, tells nothing, and does not use up its one shot', async (_what, status, make) => {
  const { port, run, settled } = await waits()
  const answer = await raw(port, make(port))
  expect(answer.status).toBe(status)
  expect(answer.text).not.toContain(state)
  await tick(5)
  expect(settled()).toBe(false)
  await raw(port, { path: `/callback?ticket=new&state=${state}` })
  expect(await run).toContain('ticket=new')
})

test('many wrong ones before the right one', async () => {
  const { port, run, settled } = await waits()
  await Promise.all(Array.from({ length: 50 }, (_, i) => raw(port, { path: `/callback?ticket=evil&state=${i}` })))
  expect(settled()).toBe(false)
  await raw(port, { path: `/callback?ticket=new&state=${state}` })
  expect(await run).toContain('ticket=new')
})

test('one shot: a second person is too late', async () => {
  const { port, run } = await waits()
  await raw(port, { path: `/callback?ticket=one&state=${state}` })
  await run
  await expect(raw(port, { path: `/callback?ticket=two&state=${state}` })).rejects.toThrow(/ECONNREFUSED/)
})

test('a browser that keeps connections open does not keep the server', async () => {
  const { port, run } = await waits()
  const keeps = await fetch(`http://127.0.0.1:${port}/favicon.ico`)
  expect(keeps.status).toBe(404)
  await (await fetch(`http://127.0.0.1:${port}/callback?ticket=x&state=${state}`)).text()
  await run
  expect(await listening(port)).toBe(false)
})

test('a connection that says nothing does not keep it either', async () => {
  const { connect } = await import('node:net')
  const { port, run } = await waits()
  const silent = connect(port, '127.0.0.1')
  silent.on('error', () => {})
  const closed = new Promise((resolve) => silent.once('close', resolve))
  await new Promise<void>((resolve) => silent.once('connect', () => resolve()))
  await raw(port, { path: `/callback?ticket=x&state=${state}` })
  await run
  await closed
})

describe('reachable from this machine only', () => {
  test('127.0.0.1, not all addresses', async () => {
    const { networkInterfaces } = await import('node:os')
    const { port } = await waits()
    const others = Object.values(networkInterfaces()).flatMap((addresses) =>
      (addresses ?? []).filter(({ internal, family }) => !internal && family === 'IPv4'),
    )
    const { connect } = await import('node:net')
    for (const { address } of others) {
      const reached = await new Promise((resolve) =>
        connect({ port, host: address, timeout: 500 }, () => resolve(true))
          .on('error', () => resolve(false))
          .on('timeout', () => resolve(false)),
      )
      expect([address, reached]).toEqual([address, false])
    }
  })
})

describe('options', () => {
  test('neither show nor open: a TypeError that says what to do', () => {
    expect(() => loopbackRedirect({})).toThrow(TypeError)
    expect(() => loopbackRedirect({})).toThrow(/show.*open/)
  })

  test.each(['callback', '', '/a?b', '/a#b', '/a b', '/ä', '/a/../b', '@evil.example/', ':80/'])(
    'a path that cannot be compared exactly (%j): TypeError',
    (path) => {
      expect(() => loopbackRedirect({ show: () => {}, path })).toThrow(TypeError)
    },
  )

  test.each(['/', '/cb', '/a/b-c_d.e~f', '/a%20b'])('a path that can: %s', async (path) => {
    const { port, redirectUri, run } = await waits({ path })
    expect(redirectUri).toBe(`http://127.0.0.1:${port}${path}`)
    await raw(port, { path: `${path}?ticket=x&state=${state}` })
    expect(await run).toBe(`${redirectUri}?ticket=x&state=${state}`)
  })

  test('a port that is taken: RedirectError that names it', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const error = await rejection(waits({ port }))
    expect(error).toMatchObject({
      name: 'RedirectError',
      code: 'redirect_failed',
      issuer: 'https://as.example.com',
      cause: { code: 'EADDRINUSE' },
    })
    expect((error as Error).message).toContain(String(port))
  })
})

describe('the end', () => {
  test('timeout', async () => {
    const { port, run } = await waits({ timeout: 50 })
    const error = await rejection(run)
    expect(isUmaError(error, 'timeout')).toBe(true)
    expect(await listening(port)).toBe(false)
  })

  test('abort, before and during', async () => {
    const { controller, port, run } = await waits()
    const reason = new Error('left')
    controller.abort(reason)
    expect(await rejection(run)).toBe(reason)
    expect(await listening(port)).toBe(false)
    const before = loopbackRedirect({ show: () => {} })
    await expect(
      before.open({ requestingParty: undefined, issuer: 'x', resource: 'y', signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason)
  })

  test('abort between open() and run(): no server is left', async () => {
    const controller = new AbortController()
    const opened = await loopbackRedirect({ show: () => {} }).open({
      requestingParty: undefined,
      issuer: 'x',
      resource: 'y',
      signal: controller.signal,
    })
    const port = Number(new URL(opened.redirectUri as string).port)
    expect(await listening(port)).toBe(true)
    controller.abort()
    expect(await listening(port)).toBe(false)
  })

  test('abort while it begins to listen: no server is left', async () => {
    const before = process.getActiveResourcesInfo().filter((one) => one === 'TCPServerWrap').length
    const controller = new AbortController()
    const opening = loopbackRedirect({ show: () => {} }).open({
      requestingParty: undefined,
      issuer: 'x',
      resource: 'y',
      signal: controller.signal,
    })
    controller.abort()
    await opening.catch(() => {})
    await tick(20)
    expect(process.getActiveResourcesInfo().filter((one) => one === 'TCPServerWrap').length).toBe(before)
  })

  test('no listener is left on a signal that lives long', async () => {
    const controller = new AbortController()
    const handler = loopbackRedirect({ show: () => {} })
    for (let i = 0; i < 3; i++) {
      const context = { requestingParty: undefined, issuer: 'x', resource: 'y', signal: controller.signal }
      const opened = await handler.open(context)
      const run = opened.run({ ...context, url: 'https://as.example.com/', state, redirectUri: opened.redirectUri })
      await raw(Number(new URL(opened.redirectUri as string).port), { path: `/callback?ticket=x&state=${state}` })
      await run
    }
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })
})
