/** `onEvent` listeners that fail, at once or later: nobody's request fails for them, and nothing is left uncaught. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { createHost } from '../../src/host/index.ts'
import { startWorld } from '../helpers/world.ts'

const uncaught: unknown[] = []
const note = (reason: unknown) => void uncaught.push(reason)
process.on('unhandledRejection', note)
afterAll(() => void process.off('unhandledRejection', note))
beforeEach(() => void uncaught.splice(0))
const pause = () => new Promise((resolve) => setTimeout(resolve, 20))

const listeners = {
  'throws at once': () => {
    throw new Error('the listener')
  },
  'rejects later': async () => {
    throw new Error('the listener')
  },
}

test.each(Object.entries(listeners))('a requester whose listener %s', async (_, onEvent) => {
  const world = await startWorld()
  let told = 0
  const listen = () => {
    told++
    return onEvent()
  }
  const answer = await world.requester({ onEvent: listen }).fetch(`${world.host.origin}/alice/1.jpg`)
  await pause()
  expect([answer.status, told > 0, uncaught]).toEqual([200, true, []])
})

test.each(Object.entries(listeners))('a host whose listener %s', async (_, onEvent) => {
  let told = 0
  const listen = () => {
    told++
    return onEvent()
  }
  const host = createHost({ issuer: 'https://as.example', client: { id: 'photos' }, onEvent: listen })
  const answer = await host.guard(() => new Response())(new Request('https://photos.example/alice/1.jpg'))
  await pause()
  expect([answer.status, told, uncaught]).toEqual([403, 1, []])
})
