/** R5: a status without a challenge costs a good RPT nothing, and is asked about again rarely. */
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Requester } from '../../src/index.ts'
import { path } from '../flows/kit.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { rptAt } from '../requester/kit.ts'

interface Opened {
  world: World
  requester: Requester
  url: string
  rpt: string
}

/** A world where an RPT has opened GET and POST of one URL. */
async function opened(staleStatuses: (400 | 403)[] = [400]): Promise<Opened> {
  const world = await startWorld({ host: { quirks: { methodScopes: false } } })
  const requester = world.requester({}, { staleStatuses })
  const url = world.host.origin + path
  expect((await requester.fetch(url)).status).toBe(200)
  expect((await requester.fetch(url, { method: 'POST', body: 'x' })).status).toBe(200)
  const rpt = rptAt(world, path) as string
  world.recorder.clear()
  world.events.length = 0
  return { world, requester, url, rpt }
}

/** The host answers with this status, whatever it is shown. */
function answers({ world }: Opened, status: number): void {
  world.host.quirks.answer = (_answer, { headers }) => ({
    status,
    body: { by: headers.authorization ? 'rpt' : 'none' },
  })
}

function isWell({ world }: Opened): void {
  world.host.quirks.answer = undefined
  world.recorder.clear()
}

/** The RPT opens the place as before. */
async function expectKept(cast: Opened, init: RequestInit = {}): Promise<void> {
  const { world, requester, url, rpt } = cast
  isWell(cast)
  expect((await requester.fetch(url, init)).status).toBe(200)
  expect(world.sent().map(({ headers }) => headers.authorization)).toEqual([`Bearer ${rpt}`])
  expect(world.events.map(({ type }) => type)).not.toContain('rpt-dropped')
}

describe('R5: staleStatuses: [400]', () => {
  test('R5: a POST that is simply wrong is sent once, and the RPT is kept', async () => {
    const cast = await opened()
    const { world, requester, url } = cast
    answers(cast, 400)
    const post = { method: 'POST', body: 'wrong' }
    for (let turn = 0; turn < 3; turn++) {
      const response = await requester.fetch(url, post)
      expect([response.status, await response.json()]).toEqual([400, { by: 'rpt' }])
    }
    expect(world.lines()).toEqual([1, 2, 3].map(() => `POST host ${path} 400`))
    await expectKept(cast, post)
  })

  test.each(['GET', 'HEAD'])('R5: a %s is sent once more without the RPT, and not again for 60 s', async (method) => {
    const cast = await opened()
    const { world, requester, url } = cast
    answers(cast, 400)
    const response = await requester.fetch(url, { method })
    expect(response.status).toBe(400)
    if (method === 'GET') expect(await response.json()).toEqual({ by: 'rpt' })
    expect(world.sent().map(({ headers }) => headers.authorization !== undefined)).toEqual([true, false])
    world.recorder.clear()
    for (let turn = 0; turn < 3; turn++) await requester.fetch(url, { method })
    expect(world.lines().length).toBe(3)
    expect(world.sent().every(({ headers }) => headers.authorization !== undefined)).toBe(true)

    const now = performance.now.bind(performance)
    const spy = vi.spyOn(performance, 'now').mockImplementation(() => now() + 60_001)
    onTestFinished(() => spy.mockRestore())
    world.recorder.clear()
    await requester.fetch(url, { method })
    expect(world.lines().length).toBe(2)
    await expectKept(cast, { method })
  })

  test('R5: the other statuses are asked about on their own', async () => {
    const cast = await opened([400, 403])
    answers(cast, 400)
    await cast.requester.fetch(cast.url)
    answers(cast, 403)
    cast.world.recorder.clear()
    await cast.requester.fetch(cast.url)
    expect(cast.world.lines().length).toBe(2)
  })

  test('R5: a POST at a place that the RPT has not opened is sent once more', async () => {
    const cast = await opened()
    const { world, requester, url } = cast
    answers(cast, 400)
    expect((await requester.fetch(`${url}.new`, { method: 'POST', body: 'x' })).status).toBe(400)
    expect(world.sent().map(({ headers }) => headers.authorization !== undefined)).toEqual([true, false])
    expect(world.sent().map(({ body }) => body.toString())).toEqual(['x', 'x'])
    await expectKept(cast)
  })

  test('R5: an RPT that is really stale is dropped: the second answer has a challenge', async () => {
    const { world, requester, url, rpt } = await opened()
    world.host.quirks.stale = { status: 400, challenge: false }
    world.as.revoke(rpt)
    expect((await requester.fetch(url)).status).toBe(200)
    expect(world.lines()).toEqual([
      `GET host ${path} 400`,
      `GET host ${path} 401`,
      'POST as /token 200',
      `GET host ${path} 200`,
    ])
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'rpt-dropped', reason: 'stale' }))
  })
})

describe('R5: 431, without any setting', () => {
  test('R5: a resource that opens without the RPT: the second answer is returned, and the RPT is dropped', async () => {
    const cast = await opened([])
    const { world, requester, url } = cast
    world.host.quirks.answer = (_answer, { headers }) => ({ status: headers.authorization ? 431 : 200 })
    expect((await requester.fetch(url)).status).toBe(200)
    expect(world.lines()).toEqual([`GET host ${path} 431`, `GET host ${path} 200`])
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'rpt-dropped', reason: 'stale' }))
  })

  test('R5: headers that are too long anyway: the first answer is returned, and not asked again', async () => {
    const cast = await opened([])
    answers(cast, 431)
    for (let turn = 0; turn < 3; turn++) expect((await cast.requester.fetch(cast.url)).status).toBe(431)
    expect(cast.world.lines().length).toBe(4)
    await expectKept(cast)
  })

  test('R5: a POST at a place that the RPT has opened is sent once', async () => {
    const cast = await opened([])
    answers(cast, 431)
    await cast.requester.fetch(cast.url, { method: 'POST', body: 'x' })
    expect(cast.world.lines()).toEqual([`POST host ${path} 431`])
  })
})

test('R5: a 400 that no setting names is returned as it is', async () => {
  const cast = await opened([])
  answers(cast, 400)
  expect((await cast.requester.fetch(cast.url)).status).toBe(400)
  expect(cast.world.lines()).toEqual([`GET host ${path} 400`])
})

test('R5: a 401 without a challenge is asked about each time, also for POST', async () => {
  const cast = await opened([])
  answers(cast, 401)
  for (let turn = 0; turn < 2; turn++) await cast.requester.fetch(cast.url, { method: 'POST', body: 'x' })
  expect(cast.world.lines()).toEqual([1, 2, 3, 4].map(() => `POST host ${path} 401`))
  await expectKept(cast, { method: 'POST', body: 'x' })
})
