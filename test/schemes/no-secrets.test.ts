/** Nothing secret in events and errors, whatever the scheme. */
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { puma } from '../../src/schemes/puma.ts'
import { uma1 } from '../../src/schemes/uma1.ts'
import { managersPerson, name, rejection, startAmWorld } from './kit.ts'

test.each([
  ['puma', puma],
  ['1.0.1', uma1],
] as const)('%s: a story, and every way in which it can end', async (era, scheme) => {
  const world = await startAmWorld(era, { am: { quirks: { sendIss: false } } })
  const said: unknown[] = []
  const requester = world.requester(scheme(), { onEvent: (event) => said.push(event) })
  await requester.fetch(world.host.origin + name)
  const bob = world.requester(scheme(), { onRedirect: managersPerson('bob'), onEvent: (event) => said.push(event) })
  said.push(await rejection(bob.fetch(world.host.origin + name)))
  for (const status of [400, 401, 403, 500]) {
    world.am.quirks.answer = (usual, { path }) =>
      /rpt|ticket/.test(path)
        ? {
            status,
            body: { ...Object(usual.body), error: 'rpt-leaked-as-error-code', ticket: 'ticket-leaked-in-an-answer' },
          }
        : undefined
    said.push(await rejection(requester.fetch(`${world.host.origin}/alice/${status}.jpg`)))
  }
  const text = said.map((one) => `${inspect(one, { depth: 9 })} ${JSON.stringify(one)} ${String(one)}`).join('\n')
  expect(text).not.toMatch(/(aat|rpt|ticket|code|refresh|secret)-[\w-]{16,}/)
  const states = world.recorder.requests.flatMap(({ path }) =>
    [...path.matchAll(/state=([\w-]{20,})/g)].map(([, state]) => state),
  )
  expect(states.length).toBeGreaterThan(1)
  for (const state of states) expect(text).not.toContain(state)
})
