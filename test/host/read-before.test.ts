/** Fetch-style handlers on node:http behind something that has read the body before. */
import type { IncomingMessage } from 'node:http'
import { gzipSync } from 'node:zlib'
import express from 'express'
import { expect, onTestFinished, test } from 'vitest'
import { toNodeListener } from '../../src/host/node-handler.ts'
import { listen } from '../helpers/http.ts'
import { hosted } from './hosted.ts'

type Parser = ReturnType<typeof express.json>

/** An app with these parsers before a handler that says what it got. */
async function echo(...before: Parser[]) {
  const said: unknown[] = []
  const app = express()
  for (const one of before) app.use(one)
  app.use(
    toNodeListener(async (request) => Response.json([request.headers.get('content-type'), await request.text()]), {
      onError: (error) => said.push(error),
    }),
  )
  const { origin, close } = await listen(app)
  onTestFinished(close)
  const post = async (type: string, body: RequestInit['body'], headers: Record<string, string> = {}) => {
    const init = { method: 'POST', headers: { 'content-type': type, ...headers }, body: body ?? null }
    const answer = await fetch(origin, { ...init, signal: AbortSignal.timeout(5_000) })
    const text = await answer.text()
    return answer.ok ? (JSON.parse(text) as [string, string]) : [answer.status, text]
  }
  return { post, said }
}

const form = 'application/x-www-form-urlencoded'
const json = 'application/ld+json'

test.each<[string, Parser, sent: [string, string], got: [string, string]]>([
  ['a form', express.urlencoded({ extended: false }), [form, 'a=1&b=%C3%A4+%26&a=2'], [form, 'a=1&a=2&b=%C3%A4+%26']],
  ['a form, read by qs', express.urlencoded({ extended: true }), [form, 'a=1&b[]=2&b[]=3'], [form, 'a=1&b=2&b=3']],
  ['a form in Latin-1', express.urlencoded(), [`${form}; charset=iso-8859-1`, 'a=%E4'], [form, 'a=%C3%A4']],
  ['an empty form', express.urlencoded(), [form, ''], [form, '']],
  ['JSON', express.json({ type: '*/*' }), [json, '{ "a": [1, {"b": "ä"}] }'], [json, '{"a":[1,{"b":"ä"}]}']],
  ['text', express.text({ type: '*/*' }), ['text/csv; charset=latin1; header=absent', 'a;b'], ['', 'a;b']],
  ['bytes', express.raw({ type: '*/*' }), ['image/png', 'a\0b'], ['image/png', 'a\0b']],
  ['what no parser wanted', express.json(), [form, 'a=1'], [form, 'a=1']],
])('%s arrives all the same', async (_, parser, sent, got) => {
  const { post, said } = await echo(parser)
  const [type, body] = got
  expect(await post(...sent)).toEqual([type || 'text/csv; header=absent', body || sent[1]])
  expect(said).toEqual([])
})

test('what was compressed is not any more', async () => {
  const { post } = await echo(express.urlencoded())
  const sent = new Uint8Array(gzipSync('a=1'))
  expect(await post(form, sent, { 'content-encoding': 'gzip' })).toEqual([form, 'a=1'])
})

test.each<[string, Parser, string, string]>([
  ['a form with something nested', express.urlencoded({ extended: true }), form, 'a[b]=1'],
  [
    'a body of which nothing was kept',
    ((req: IncomingMessage, _res, next) => req.resume().once('end', next)) as Parser,
    form,
    'a=1',
  ],
])('%s is an error that is told here, and no connection that hangs', async (_, parser, type, body) => {
  const { post, said } = await echo(parser)
  expect(await post(type, body)).toEqual([500, ''])
  expect(said.map(String)).toEqual([expect.stringMatching(/^TypeError: .*read before/)])
})

test('the panel’s buttons work behind express.urlencoded()', async () => {
  const { host } = await hosted()
  const app = express()
  app.use(express.urlencoded({ extended: false }))
  app.use('/panel', toNodeListener(host.panel({ owner: () => 'alice', mayShare: () => true })))
  const { origin, close } = await listen(app)
  onTestFinished(close)
  const url = `${origin}/panel?uri=/alice/1.jpg`
  const token = /name="token" value="([^"]+)"/.exec(await (await fetch(url)).text())?.[1] ?? ''
  const clicked = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin, 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ token, action: 'share' }),
    signal: AbortSignal.timeout(5_000),
  })
  expect(clicked.status).toBe(303)
  expect(await host.ownerOf('/alice/1.jpg')).toBe('alice')
})
