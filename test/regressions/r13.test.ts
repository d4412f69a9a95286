/** R13: a body that `uma.body` makes arrives whole, whatever its type, with every adapter of axios as with fetch. */
import { describe, expect, test } from 'vitest'
import { startWorld } from '../helpers/world.ts'
import { byAxiosFetch, byAxiosHttp, byFetch } from '../ways-in/kit.ts'

const path = '/alice/1.jpg'
const bytes = Uint8Array.from({ length: 3000 }, (_, i) => (i * 11) % 256)
const binary = { 'content-type': 'application/x-test' }

interface MadeBody {
  body(): unknown
  expected: Uint8Array
  type: RegExp
  headers?: Record<string, string>
}

const bodies: Record<string, MadeBody> = {
  URLSearchParams: {
    body: () => new URLSearchParams({ a: '1 2', ä: '&=' }),
    expected: Buffer.from('a=1+2&%C3%A4=%26%3D'),
    type: /^application\/x-www-form-urlencoded/,
  },
  Uint8Array: { body: () => new Uint8Array(bytes), expected: bytes, type: /^application\/x-test$/, headers: binary },
  'a part of a buffer': {
    body: () => bytes.subarray(10, 500),
    expected: bytes.subarray(10, 500),
    type: /^application\/x-test$/,
    headers: binary,
  },
  ArrayBuffer: { body: () => bytes.buffer.slice(0), expected: bytes, type: /^application\/x-test$/, headers: binary },
  Blob: { body: () => new Blob([bytes], { type: 'image/x-test' }), expected: bytes, type: /^image\/x-test$/ },
  string: { body: () => 'grüße', expected: Buffer.from('grüße'), type: /^application\/x-test$/, headers: binary },
}

describe.each([byFetch, byAxiosHttp, byAxiosFetch])('$name', ({ attach }) => {
  test.each(Object.entries(bodies))('%s', async (_kind, { body, expected, type, headers = {} }) => {
    const world = await startWorld()
    const answer = await attach(world.requester())(world.host.origin + path, { method: 'PUT', headers, uma: { body } })
    expect(answer.status).toBe(200)
    const sends = world.sent().filter((request) => request.path === path)
    expect(sends.map((request) => request.status)).toEqual([401, 200])
    for (const request of sends) {
      expect(Buffer.compare(request.body, expected)).toBe(0)
      expect(request.headers['content-type']).toMatch(type)
    }
  })

  test('FormData', async () => {
    const world = await startWorld()
    const body = (): FormData => {
      const form = new FormData()
      form.append('title', 'sunset')
      form.append('photo', new File([bytes], '1.jpg', { type: 'image/jpeg' }))
      return form
    }
    expect((await attach(world.requester())(world.host.origin + path, { method: 'POST', uma: { body } })).status).toBe(
      200,
    )
    const sends = world.sent().filter((request) => request.path === path)
    expect(sends.map((request) => request.status)).toEqual([401, 200])
    for (const request of sends) {
      const headers = { 'content-type': request.headers['content-type'] as string }
      const form = await new Response(Uint8Array.from(request.body), { headers }).formData()
      expect(form.get('title')).toBe('sunset')
      expect(Buffer.compare(Buffer.from(await (form.get('photo') as File).arrayBuffer()), bytes)).toBe(0)
    }
  })
})
