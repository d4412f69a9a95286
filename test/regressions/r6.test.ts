/** R6: a HEAD without an RPT of its own uses GET's, never the reverse; a refused HEAD leaves GET's place as it is. */

import { expect, test } from 'vitest'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { path } from '../flows/kit.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { rptAt } from '../requester/kit.ts'

const url = (world: World, at = path): string => world.host.origin + at

/** A world where each request for a new place brings an RPT of its own. */
const manyRpts = (): Promise<World> => startWorld({ as: { quirks: { upgrade: 'never' } } })

test('R6: a HEAD of a URL that GET has opened costs one request', async () => {
  const world = await manyRpts()
  const requester = world.requester()
  await requester.fetch(url(world))
  const rpt = rptAt(world, path)
  // The newest RPT of the host, and of the folder, is another one.
  await requester.fetch(url(world, '/alice/2.jpg'))
  await requester.fetch(url(world, '/alice/3.jpg'), { method: 'HEAD' })
  world.recorder.clear()
  expect((await requester.fetch(url(world), { method: 'HEAD' })).status).toBe(200)
  expect(world.lines()).toEqual([`HEAD host ${path} 200`])
  expect(rptAt(world, path)).toBe(rpt)
})

test('R6: the same in another process', async () => {
  const world = await manyRpts()
  const options = { storage: keyValueStorage(new Map<string, string>()), requestingParty: 'alice' }
  await world.requester(options).fetch(url(world))
  world.recorder.clear()
  expect((await world.requester(options).fetch(url(world), { method: 'HEAD' })).status).toBe(200)
  expect(world.lines()).toEqual([`HEAD host ${path} 200`])
})

test('R6: a GET does not take the RPT of a HEAD', async () => {
  const world = await manyRpts()
  const requester = world.requester()
  await requester.fetch(url(world), { method: 'HEAD' })
  const ofHead = rptAt(world, path)
  await requester.fetch(url(world, '/bob/2.jpg'), { method: 'PUT', body: 'x' })
  world.recorder.clear()
  await requester.fetch(url(world))
  const [first] = world.sent()
  expect(first?.headers.authorization).toBeDefined()
  expect(first?.headers.authorization).not.toBe(`Bearer ${ofHead}`)
})

test('R6: a refused HEAD does not touch the place of GET', async () => {
  const world = await manyRpts()
  const requester = world.requester()
  await requester.fetch(url(world))
  const rpt = rptAt(world, path)
  // The host wants another permission for HEAD, and never has enough.
  world.host.quirks.answer = (answer, { method }) => {
    if (method !== 'HEAD') return answer
    const ticket = world.as.issueTicket([
      { resource_id: [...world.as.resources.keys()][0] as string, resource_scopes: ['read'] },
    ])
    const challenge = `UMA realm="photos", as_uri="${world.as.issuer}", ticket="${ticket}"`
    return { status: 401, headers: { 'www-authenticate': challenge } }
  }
  await requester.fetch(url(world), { method: 'HEAD' }).catch(() => {})
  expect(world.sent().filter(({ method }) => method === 'HEAD').length).toBeGreaterThan(1)
  world.recorder.clear()
  expect((await requester.fetch(url(world))).status).toBe(200)
  expect(world.lines()).toEqual([`GET host ${path} 200`])
  expect(rptAt(world, path)).toBe(rpt)
})

test('R6: a preflight is looked up as the method that it stands for', async () => {
  const world = await manyRpts()
  const requester = world.requester()
  await requester.fetch(url(world, '/alice/other.jpg'), { method: 'PUT', body: 'x' })
  const ofPut = rptAt(world, '/alice/other.jpg')
  await requester.fetch(url(world))
  expect(rptAt(world, path)).not.toBe(ofPut)
  world.recorder.clear()
  const init = { method: 'PUT', body: 'x', uma: { preflight: true } }
  expect((await requester.fetch(url(world), init)).status).toBe(200)
  expect(world.sent()[0]).toMatchObject({ method: 'HEAD', headers: { authorization: `Bearer ${ofPut}` } })
  // The PUT has its RPT now: no preflight is needed.
  world.recorder.clear()
  expect((await requester.fetch(url(world), init)).status).toBe(200)
  expect(world.lines()).toEqual([`PUT host ${path} 200`])
})
