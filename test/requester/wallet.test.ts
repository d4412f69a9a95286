import { describe, expect, test } from 'vitest'
import { none } from '../../src/index.ts'
import { startWorld } from '../helpers/world.ts'
import { byFetch, waysIn } from '../ways-in/kit.ts'
import { fromClient, rptAt, second } from './kit.ts'

const ten = Array.from({ length: 10 }, (_, i) => `${i + 1}.jpg`)

describe.each(waysIn)('ten resources in turn, five times over, $name', ({ attach }) => {
  test('an AS that never upgrades: 4 + 9×3 + 40 requests', async () => {
    const world = await startWorld({ as: { quirks: { upgrade: 'never' } } })
    const send = attach(world.requester())
    for (let turn = 0; turn < 5; turn++) {
      for (const name of ten) expect((await send(`${world.host.origin}/alice/${name}`)).status).toBe(200)
    }
    expect(world.sent().length).toBe(4 + 9 * 3 + 40)
    expect(world.as.stats.tokenRequests).toBe(10)
  })

  test('two owners with two ASs on one host: 4 + 4 + 8×3 + 40 requests', async () => {
    // The second AS needs a discovery of its own: each owner's first resource costs 4, the other eight 3, the last four turns 1 each.
    const two = await second({ quirks: { upgrade: 'never' } })
    const world = await startWorld({ as: { quirks: { upgrade: 'never' } }, host: { owners: { bob: two } } })
    const hosts = [world.host.origin]
    const client = { id: 'spa', auth: none() }
    const send = attach(
      world.requester({ authorizationServers: [world.as, two].map(({ issuer }) => ({ issuer, hosts, client })) }),
    )
    for (let turn = 0; turn < 5; turn++) {
      for (const [i, name] of ten.entries())
        expect((await send(`${world.host.origin}/${i % 2 ? 'bob' : 'alice'}/${name}`)).status).toBe(200)
    }
    // `two` has a recorder of its own: what it saw from the client is one discovery and five token requests.
    const atTwo = fromClient(two)
    expect(atTwo.map((r) => `${r.method} ${r.path}`)).toEqual([
      'GET /.well-known/uma2-configuration',
      ...Array(5).fill('POST /token'),
    ])
    expect(world.sent().length + atTwo.length).toBe(4 + 4 + 8 * 3 + 40)
    expect([world.as.stats.tokenRequests, two.stats.tokenRequests]).toEqual([5, 5])
  })
})

test('read and write tokens of one URL are both kept', async () => {
  const world = await startWorld({ as: { quirks: { upgrade: 'never' } } })
  const send = byFetch.attach(world.requester())
  const url = `${world.host.origin}/alice/1.jpg`
  for (const method of ['GET', 'PUT']) await send(url, { method, ...(method === 'PUT' && { body: 'new' }) })
  world.recorder.clear()
  for (const method of ['GET', 'PUT', 'GET', 'PUT'])
    expect((await send(url, { method, ...(method === 'PUT' && { body: 'new' }) })).status).toBe(200)
  expect(world.lines()).toEqual([
    'GET host /alice/1.jpg 200',
    'PUT host /alice/1.jpg 200',
    'GET host /alice/1.jpg 200',
    'PUT host /alice/1.jpg 200',
  ])
})

test('nearest path first: a folder that an RPT opened offers the same RPT for what lies in it', async () => {
  const world = await startWorld({ as: { quirks: { upgrade: 'never' } } })
  const send = byFetch.attach(world.requester())
  await send(`${world.host.origin}/alice/a/1.jpg`)
  const a = rptAt(world, '/alice/a/1.jpg')
  await send(`${world.host.origin}/alice/b/1.jpg`)
  world.recorder.clear()
  await send(`${world.host.origin}/alice/a/2.jpg`)
  expect(world.sent()[0]?.headers.authorization).toBe(`Bearer ${a}`)
})
