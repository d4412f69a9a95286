/** R11: at most 32 folders of a path are looked at and indexed, so a long path costs nothing extra. */
import { expect, test } from 'vitest'
import { startWorld, type World } from '../helpers/world.ts'
import { rptAt } from '../requester/kit.ts'

/** Milliseconds of the processor that a task takes in this process. */
async function cpuOf(task: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await task()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

/** Public resources need no token. The requester holds an RPT, so it looks at the folders of each path. */
async function holder() {
  const world = await startWorld({ as: { quirks: { upgrade: 'never' } } })
  const requester = world.requester()
  expect((await requester.fetch(`${world.host.origin}/alice/1.jpg`)).status).toBe(200)
  return { world, requester }
}

test('R11: paths of 16,000 slashes', async () => {
  const { world, requester } = await holder()
  const ms = await cpuOf(async () => {
    for (let n = 0; n < 50; n++) {
      const path = `/public/${n}${'/'.repeat(16_000)}`
      expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    }
  })
  // Each of them took 200 ms.
  expect(ms).toBeLessThan(5_000)
})

test('R11: a place 4,000 folders deep is learned as any other', async () => {
  const { world, requester } = await holder()
  const at = `/public${'/folder'.repeat(4_000)}/`
  for (const name of ['1.jpg', '2.jpg']) {
    expect((await requester.fetch(world.host.origin + at + name)).status).toBe(200)
  }
})

test('R11: a folder that is not deep still names its RPT', async () => {
  const { world, requester } = await holder()
  const deep = '/carol/a/b/c/d'
  expect((await requester.fetch(`${world.host.origin}${deep}/1.jpg`)).status).toBe(200)
  const ofDeep = rptAt(world, `${deep}/1.jpg`)
  expect((await requester.fetch(`${world.host.origin}/dave/1.jpg`)).status).toBe(200)
  expect(rptAt(world, '/dave/1.jpg')).not.toBe(ofDeep)
  expect(await firstRpt(world, () => requester.fetch(`${world.host.origin}${deep}/2.jpg`))).toBe(ofDeep)
})

/** The RPT that the next request presents first. */
async function firstRpt(world: World, act: () => Promise<unknown>): Promise<string | undefined> {
  world.recorder.clear()
  await act()
  return world.sent()[0]?.headers.authorization?.slice(7)
}
