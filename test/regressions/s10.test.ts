/** S10: a host may give Puma's manager only its own name; any other name needs the option `hostId`. */
import { expect, test } from 'vitest'
import { puma } from '../../src/schemes/puma.ts'
import { name, startAmWorld } from '../schemes/kit.ts'

test('S10: the name of another host: challenge-refused, and the manager is not asked', async () => {
  const world = await startAmWorld('puma', { host: { quirks: { hostId: 'bank.example' } } })
  const response = await world.requester(puma()).fetch(world.host.origin + name)
  expect(response.status).toBe(401)
  expect(world.events).toContainEqual(expect.objectContaining({ type: 'challenge-refused', reason: 'host-id' }))
  expect(world.recorder.to('am')).toEqual([])
})

test('S10: the option hostId allows the name that the application knows', async () => {
  const world = await startAmWorld('puma', { host: { quirks: { hostId: 'photos.example' } } })
  const scheme = puma({ hostId: (named) => (named === 'photos.example' ? named : undefined) })
  await world
    .requester(scheme)
    .fetch(world.host.origin + name)
    .catch(() => {})
  const asked = world.recorder.to('am').map(({ body }) => new URLSearchParams(body.toString()).get('host_id'))
  expect(asked).toContain('photos.example')
})
