/** `uma.preflight`: the challenge is asked for with a HEAD first, so that a body travels once. */
import { describe, expect, test } from 'vitest'
import { startWorld } from '../helpers/world.ts'
import { rejection, umaErrorOf, waysIn } from './kit.ts'

const path = '/alice/1.jpg'

describe.each(waysIn)('preflight, $name', ({ attach }) => {
  const one = { methodScopes: false }

  test('a one-shot body is sent once, whole', async () => {
    const world = await startWorld({ host: { quirks: one } })
    const send = attach(world.requester())
    const stream = (): unknown => new Blob(['whole']).stream()
    // axios's http adapter takes streams of Node only.
    const { Readable } = await import('node:stream')
    const body = attach === waysIn[1]?.attach ? Readable.from(['whole']) : stream()
    const { status } = await send(world.host.origin + path, {
      method: 'PUT',
      headers: { 'content-type': 'text/x-test' },
      body,
      uma: { preflight: true },
    })
    expect(status).toBe(200)
    expect(world.lines()).toEqual([
      `HEAD host ${path} 401`,
      'GET as /.well-known/uma2-configuration 200',
      'POST as /token 200',
      `HEAD host ${path} 200`,
      `PUT host ${path} 200`,
    ])
    expect(
      world
        .sent()
        .filter((r) => r.server === 'host')
        .map((r) => r.body.toString()),
    ).toEqual(['', '', 'whole'])
  })

  test('none where an RPT is known for the place', async () => {
    const world = await startWorld({ host: { quirks: one } })
    const send = attach(world.requester())
    await send(world.host.origin + path, { method: 'PUT', body: 'one' })
    world.recorder.clear()
    await send(world.host.origin + path, { method: 'PUT', body: 'two', uma: { preflight: true } })
    expect(world.lines()).toEqual([`PUT host ${path} 200`])
  })

  test('a host that needs another scope for the write: each its own flow', async () => {
    const world = await startWorld()
    const send = attach(world.requester())
    const { status } = await send(world.host.origin + path, { method: 'PUT', body: 'one', uma: { preflight: true } })
    expect(status).toBe(200)
    expect(world.host.bodies.map((write) => write.bytes.toString())).toEqual(['one'])
  })

  test('the AS denies: nothing of the body has been sent', async () => {
    const world = await startWorld({ as: { policy: () => 'deny' } })
    const send = attach(world.requester())
    const error = umaErrorOf(
      await rejection(send(world.host.origin + path, { method: 'PUT', body: 'secret text', uma: { preflight: true } })),
    )
    expect(error.code).toBe('request_denied')
    expect(world.recorder.containing('secret text')).toEqual([])
  })

  test('an open resource: HEAD, then the request', async () => {
    const world = await startWorld()
    const send = attach(world.requester())
    expect(
      (await send(`${world.host.origin}/public/1.jpg`, { method: 'PUT', body: 'one', uma: { preflight: true } }))
        .status,
    ).toBe(200)
    expect(world.lines()).toEqual(['HEAD host /public/1.jpg 200', 'PUT host /public/1.jpg 200'])
  })
})
