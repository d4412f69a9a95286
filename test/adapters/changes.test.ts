/** The changes that a binding makes to one send: headers, the URL, a form; and the preflight. */
import axios from 'axios'
import { describe, expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import type { HeaderPatch } from '../../src/bindings/binding.ts'
import type { RequestDriver, RunRequest, SendChanges } from '../../src/request/request-driver.ts'
import { adapters, startEcho } from './kit.ts'

const formType = 'application/x-www-form-urlencoded'

/** Sends once without and once with changes. */
const twice =
  (change: (driver: RequestDriver<unknown>) => { headers?: HeaderPatch; changes?: SendChanges }): RunRequest =>
  async (driver) => {
    driver.answer(await driver.send(undefined)).discard()
    const { headers, changes } = change(driver)
    return driver.send(headers, changes)
  }

describe.each(adapters)('$name', ({ name, over }) => {
  test('headers are set over the caller’s own', async () => {
    const server = await startEcho()
    const send = over(twice(() => ({ headers: { authorization: 'Bearer t', 'x-mine': 'patched' } })))
    await send(`${server.origin}/a`, { headers: { 'X-Mine': 'own', 'x-other': 'own' } })
    expect(
      server.recorder.requests.map(({ headers }) => [headers.authorization, headers['x-mine'], headers['x-other']]),
    ).toEqual([
      [undefined, 'own', 'own'],
      ['Bearer t', 'patched', 'own'],
    ])
  })

  test('another URL: method, headers and body stay', async () => {
    const server = await startEcho()
    const send = over(twice(({ url }) => ({ changes: { url: `${url}&oauth_signature=s` } })))
    const headers = { 'content-type': 'text/x-test', 'x-mine': 'own' }
    await send(`${server.origin}/a?b=1`, { method: 'PUT', headers, body: 'grüße' })
    expect(
      server.recorder.requests.map((sent) => [
        sent.method,
        sent.path,
        sent.headers['content-type'],
        sent.headers['x-mine'],
        sent.body.toString(),
      ]),
    ).toEqual([
      ['PUT', '/a?b=1', 'text/x-test', 'own', 'grüße'],
      ['PUT', '/a?b=1&oauth_signature=s', 'text/x-test', 'own', 'grüße'],
    ])
  })

  test('another URL for a GET', async () => {
    const server = await startEcho()
    await over(twice(({ url }) => ({ changes: { url: `${url}?s=1` } })))(`${server.origin}/a`)
    expect(server.recorder.lines()).toEqual(['plain GET /a 200', 'plain GET /a?s=1 200'])
  })

  test('a signed form', async () => {
    const server = await startEcho()
    const send = over(twice(() => ({ changes: { body: 'a=1&oauth_signature=s' } })))
    await send(`${server.origin}/a`, { method: 'POST', body: new URLSearchParams({ a: '1' }) })
    expect(server.recorder.requests.map((sent) => sent.body.toString())).toEqual(['a=1', 'a=1&oauth_signature=s'])
    for (const sent of server.recorder.requests) expect(sent.headers['content-type']).toMatch(formType)
    expect(server.recorder.requests[1]?.headers['content-length']).toBe('21')
  })

  test('the preflight is a HEAD without a body, at the signed URL too', async () => {
    const server = await startEcho()
    const send = over(twice(({ url }) => ({ changes: { preflight: true, url: `${url}?s=1` } })))
    await send(`${server.origin}/a`, { method: 'PUT', body: 'whole', headers: { 'content-type': 'text/x-test' } })
    expect(server.recorder.requests.map((sent) => [sent.method, sent.path, sent.body.toString()])).toEqual([
      ['PUT', '/a', 'whole'],
      ['HEAD', '/a?s=1', ''],
    ])
  })

  test.each([
    ['URLSearchParams', new URLSearchParams({ a: '1 2' }), {}, 'a=1+2'],
    ['a text with the content type of a form', 'a=1+2', { 'content-type': `${formType}; charset=UTF-8` }, 'a=1+2'],
    ['another text', '{"a":1}', { 'content-type': 'application/json' }, undefined],
    ['bytes', new Uint8Array([1]), { 'content-type': 'application/x-test' }, undefined],
  ])('form(): %s', async (_what, body, headers, expected) => {
    const server = await startEcho()
    const forms: (string | undefined)[] = []
    const run: RunRequest = (driver) => {
      forms.push(driver.form?.()?.toString())
      return driver.send(undefined)
    }
    await over(run)(`${server.origin}/a`, { method: 'POST', body, headers: headers as Record<string, string> })
    // A Request does not show its body.
    expect(forms).toEqual([name === 'ky' || name === 'fetch(Request)' ? undefined : expected])
  })

  test('the engine may read the answer; the caller can still read it', async () => {
    const server = await startEcho()
    const texts: string[] = []
    const run: RunRequest = async (driver) => {
      const result = await driver.send(undefined)
      texts.push(await driver.answer(result).text(1000))
      return result
    }
    expect(await over(run)(`${server.origin}/a`)).toEqual({ status: 200, text: 'echo' })
    expect(texts).toEqual(['echo'])
  })

  test('the engine is called at once, and only then is a stream read', async () => {
    const server = await startEcho()
    const order: string[] = []
    const run: RunRequest = async (driver) => {
      order.push(`run ${driver.replayable}`)
      await driver.send(undefined)
      return driver.send(undefined)
    }
    const { Readable } = await import('node:stream')
    const source = Readable.from([Buffer.from('whole')])
    source.on('end', () => order.push('read'))
    const body = name === 'axios http' ? source : Readable.toWeb(source)
    const headers = { 'content-type': 'text/x-test' }
    const oneShot = name === 'fetch(Request)'
    const answer = over(run)(`${server.origin}/a`, { method: 'PUT', headers, body, uma: { buffer: true, oneShot } })
    if (name.startsWith('fetch')) expect(order).toEqual(['run true'])
    await answer
    expect(order).toEqual(['run true', 'read'])
    expect(server.recorder.requests.map((sent) => sent.body.toString())).toEqual(['whole', 'whole'])
  })
})

describe.each(['http', 'fetch'] as const)('axios, %s adapter: HTTP Basic', (adapter) => {
  const basic = `Basic ${Buffer.from('bob:secret').toString('base64')}`

  test.each(['auth', 'userinfo'])('%s stays unless the patch sets Authorization', async (kind) => {
    const server = await startEcho()
    const api = axios.create({ adapter })
    const urls: string[] = []
    attachRequester(api, {
      run: async (driver) => {
        urls.push(driver.url)
        await driver.send({ dpop: 'proof' })
        await driver.send({ dpop: 'proof' }, { url: `${driver.url}?s=1` })
        await driver.send({ Authorization: 'DPoP t' })
        return driver.send({ Authorization: 'DPoP t' }, { url: `${driver.url}?s=1` })
      },
    })
    const url = new URL(`${server.origin}/a`)
    if (kind === 'userinfo') Object.assign(url, { username: 'bob', password: 'secret' })
    await api.get(url.href, kind === 'auth' ? { auth: { username: 'bob', password: 'secret' } } : {})
    expect(urls).toEqual([`${server.origin}/a`])
    expect(server.recorder.requests.map((sent) => `${sent.path} ${sent.headers.authorization}`)).toEqual([
      `/a ${basic}`,
      `/a?s=1 ${basic}`,
      '/a DPoP t',
      '/a?s=1 DPoP t',
    ])
  })
})
