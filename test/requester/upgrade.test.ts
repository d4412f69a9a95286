import { describe, expect, test } from 'vitest'
import { none } from '../../src/index.ts'
import { startWorld } from '../helpers/world.ts'
import { byFetch } from '../ways-in/kit.ts'
import { formsOf, fromClient, rptAt, second, tokenRequests } from './kit.ts'

const ten = Array.from({ length: 10 }, (_, i) => `${i + 1}.jpg`)

describe('upgrades', () => {
  test('a new string: the old RPT is sent as `rpt`, then discarded at every place (G-3.3.5.1-a)', async () => {
    const world = await startWorld()
    const send = byFetch.attach(world.requester())
    await send(`${world.host.origin}/alice/1.jpg`)
    const first = rptAt(world, '/alice/1.jpg') as string
    await send(`${world.host.origin}/alice/2.jpg`)
    expect(tokenRequests(world).map((p) => p.get('rpt'))).toEqual([null, first])
    world.recorder.clear()
    await send(`${world.host.origin}/alice/1.jpg`)
    await send(`${world.host.origin}/alice/3.jpg`)
    expect(world.recorder.containing(first).filter((r) => r.origin === world.host.origin)).toEqual([])
    expect(world.as.stats.supersededRptsPresented).toBe(0)
  })

  test('the same string: one entry, what was remembered against it is cleared (G-3.3.5.1-c)', async () => {
    const world = await startWorld({ as: { quirks: { upgrade: 'same-string' } } })
    const send = byFetch.attach(world.requester())
    for (const name of ten) await send(`${world.host.origin}/alice/${name}`)
    world.recorder.clear()
    for (const name of ten) await send(`${world.host.origin}/alice/${name}`)
    expect(world.lines()).toEqual(ten.map((name) => `GET host /alice/${name} 200`))
    expect(world.as.stats.rptsIssued).toBe(1)
  })

  test('the same string: a place refused by it is tried with it again', async () => {
    const world = await startWorld({ as: { quirks: { upgrade: 'same-string' } } })
    world.as.policy = ({ permissions }) =>
      permissions.some((p) => p.resource_scopes.includes('write')) ? 'deny' : 'grant'
    const requester = world.requester()
    const url = `${world.host.origin}/alice/1.jpg`
    await requester.fetch(url)
    await requester.fetch(url, { method: 'PUT', body: 'x' }).catch(() => {})
    world.as.policy = () => 'grant'
    await requester.fetch(`${url}.txt`)
    const rpt = rptAt(world, '/alice/1.jpg.txt')
    world.recorder.clear()
    await requester.fetch(url, { method: 'PUT', body: 'x' })
    expect(world.sent()[0]?.headers.authorization).toBe(`Bearer ${rpt}`)
  })

  test('never: both RPTs stay, and no `rpt` is sent once it was seen to be ignored (G-3.3.5.1-b)', async () => {
    const world = await startWorld({ as: { quirks: { upgrade: 'never' } } })
    const send = byFetch.attach(world.requester())
    for (const name of ten.slice(0, 4)) await send(`${world.host.origin}/alice/${name}`)
    expect(tokenRequests(world).map((p) => p.has('rpt'))).toEqual([false, true, false, false])
  })

  test('`upgraded: true` whatever was sent: resources still open, without a loop', async () => {
    const world = await startWorld({ as: { quirks: { upgrade: 'true-always' } } })
    const send = byFetch.attach(world.requester())
    for (const name of ten) expect((await send(`${world.host.origin}/alice/${name}`)).status).toBe(200)
    // Nothing but an upgrade can be told from the answer: here it holds what it says.
    expect(world.sent().length).toBe(4 + 9 * 3)
  })

  test('only JSON `true` counts (G-3.3.5-d)', async () => {
    const world = await startWorld({
      as: { quirks: { upgrade: 'never', tokenAnswer: (json) => ({ ...json, upgraded: 'true' }) } },
    })
    const send = byFetch.attach(world.requester())
    for (const name of ['1.jpg', '2.jpg', '1.jpg', '2.jpg']) await send(`${world.host.origin}/alice/${name}`)
    expect(world.sent().length).toBe(4 + 3 + 2)
  })

  test('`rpt` goes only to the AS that issued it (G-3.3.1-h)', async () => {
    const two = await second()
    const world = await startWorld({ host: { owners: { bob: two } } })
    const client = { id: 'spa', auth: none() }
    const send = byFetch.attach(
      world.requester({
        authorizationServers: [world.as, two].map(({ issuer }) => ({ issuer, hosts: [world.host.origin], client })),
      }),
    )
    for (const path of ['/alice/1.jpg', '/bob/1.jpg', '/alice/2.jpg', '/bob/2.jpg'])
      expect((await send(world.host.origin + path)).status).toBe(200)
    const tokens = { alice: rptAt(world, '/alice/1.jpg') as string, bob: rptAt(world, '/bob/1.jpg') as string }
    const atTwo = formsOf(fromClient(two))
    expect(tokenRequests(world).map((p) => p.get('rpt'))).toEqual([null, tokens.alice])
    expect(atTwo.map((p) => p.get('rpt'))).toEqual([null, null, tokens.bob])
  })
})
