/** Guards on node:http and Express whose verdict cannot be carried out, and listeners that throw. */
import type { RequestListener } from 'node:http'
import express from 'express'
import { expect, onTestFinished, test } from 'vitest'
import { expressGuard, guardNode } from '../../src/host/node.ts'
import { listen } from '../helpers/http.ts'
import { wardenKit } from './warden-kit.ts'

async function scene() {
  const kit = wardenKit()
  await kit.protect('/alice/*')
  return { kit, headers: { authorization: `Bearer ${kit.token('/alice/*')}` } }
}

async function serve(listener: RequestListener): Promise<string> {
  const { origin, close } = await listen(listener)
  onTestFinished(close)
  return `${origin}/alice/1.jpg`
}

/** What is thrown or rejected and caught by nobody. Vitest's own ears are closed meanwhile. */
function uncaught(): [kind: string, error: string][] {
  const heard: [string, string][] = []
  for (const kind of ['uncaughtException', 'unhandledRejection'] as const) {
    const theirs = process.listeners(kind as 'exit')
    process.removeAllListeners(kind)
    process.on(kind as never, (error: unknown) => void heard.push([kind, String(error)]))
    onTestFinished(() => {
      process.removeAllListeners(kind)
      for (const listener of theirs) process.on(kind as 'exit', listener)
    })
  }
  return heard
}

const soon = (headers: Record<string, string> = {}): RequestInit => ({ headers, signal: AbortSignal.timeout(5_000) })

test('node:http: a refusal after an answer has begun ends the connection', async () => {
  const heard = uncaught()
  const { kit } = await scene()
  const guard = guardNode(kit, () => {})
  const url = await serve((req, res) => {
    res.write('some')
    guard(req, res)
  })
  const text = fetch(url, soon()).then((answer) => answer.text())
  await expect(text).rejects.toThrow(/terminated|fetch failed/)
  expect(heard).toEqual([])
})

test('node:http: where nothing was sent yet, it is an empty 500', async () => {
  const heard = uncaught()
  const judge = () => ({ answer: { status: 401, headers: [['X-Bad', 'a\nb'] as [string, string]], body: 'a secret' } })
  for (const host of [
    { judge },
    { judge: async () => judge() },
    { judge: () => Promise.reject(new Error('broken')) },
  ]) {
    const answer = await fetch(await serve(guardNode(host, () => {})), soon())
    expect([answer.status, await answer.text()]).toEqual([500, ''])
  }
  expect(heard).toEqual([])
})

test('Express: the error is given on', async () => {
  const heard = uncaught()
  const { kit } = await scene()
  const errors: unknown[] = []
  const app = express()
  app.use((_req, res, next) => {
    res.write('some')
    next()
  })
  app.use(expressGuard(kit))
  app.use(((error, _req, res, _next) => {
    errors.push(error)
    res.end(' and no more')
  }) as express.ErrorRequestHandler)
  expect(await (await fetch(await serve(app), soon())).text()).toBe('some and no more')
  expect(errors).toMatchObject([{ code: 'ERR_HTTP_HEADERS_SENT' }])
  expect(heard).toEqual([])
})

test('node:http: what a listener throws is an uncaught exception, as it is without a guard', async () => {
  const heard = uncaught()
  const { kit, headers } = await scene()
  const url = await serve(
    guardNode(kit, (_req, res) => {
      setImmediate(() => res.end('later'))
      throw new Error('boom')
    }),
  )
  // Introspected, and then known.
  for (let i = 0; i < 2; i++) await fetch(url, soon(headers))
  expect(heard).toEqual(Array(2).fill(['uncaughtException', 'Error: boom']))
})
