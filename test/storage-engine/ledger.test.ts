import { expect, test } from 'vitest'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { startWorld } from '../helpers/world.ts'
import { settled } from './kit.ts'

test('what one requester learned, the next one on the same storage finds', async () => {
  const world = await startWorld()
  const storage = new Map<string, string>()
  const first = world.requester({ storage: keyValueStorage(storage), requestingParty: 'bob' })
  for (const n of [1, 2, 3]) expect((await first.fetch(`${world.host.origin}/alice/${n}.jpg`)).status).toBe(200)
  await settled()
  const second = world.requester({ storage: keyValueStorage(storage), requestingParty: 'bob' })
  world.recorder.clear()
  for (const n of [1, 2, 3]) expect((await second.fetch(`${world.host.origin}/alice/${n}.jpg`)).status).toBe(200)
  expect(world.lines()).toEqual([1, 2, 3].map((n) => `GET host /alice/${n}.jpg 200`))
  const other = world.requester({ storage: keyValueStorage(storage), requestingParty: 'carol' })
  world.recorder.clear()
  await other.fetch(`${world.host.origin}/alice/1.jpg`)
  expect(world.lines()).toHaveLength(4)
  await second.signOut()
  expect([...storage.keys()].filter((key) => key.includes('bob') && !key.includes('epoch'))).toEqual([])
  world.recorder.clear()
  await first.fetch(`${world.host.origin}/alice/2.jpg`)
  expect(world.sent().length).toBeGreaterThan(1)
})
