/** Who may send a person away: the requester, the instance, `interact`, the request itself. */
import axios from 'axios'
import ky from 'ky'
import { describe, expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import { findUmaError, type Requester } from '../../src/index.ts'
import { extendKy } from '../../src/ky.ts'
import { keycloak, people, rejection } from '../sign-in/kit.ts'

/** Alice is at the authorization server at once, if she is sent there. */
async function cast(options: object = {}) {
  const onRedirect = people('alice')
  const { requester, url, world } = await keycloak()
  return { requester: requester({ onRedirect, ...options }), url, world, asked: onRedirect.asked }
}

/** Each way to make a request with options of the instance and of the request. */
const ways: Record<
  string,
  (requester: Requester, instance?: object) => (url: string, uma?: object) => Promise<unknown>
> = {
  fetch: (requester, instance) => {
    const own = requester.wrapFetch(globalThis.fetch, instance)
    return (url, uma) => own(url, uma ? { uma } : {})
  },
  axios: (requester, instance) => {
    const api = axios.create()
    attachRequester(api, requester, instance)
    return (url, uma) => api.get(url, uma ? { uma } : {})
  },
  ky: (requester, instance) => {
    const api = extendKy(ky.create({ retry: 0 }), requester, instance)
    return (url, uma) => api.get(url, uma ? { uma } : {}).text()
  },
}

const sent = { requester: undefined, instance: undefined, request: undefined, interact: false }
type Levels = Partial<Record<'requester' | 'instance' | 'request', boolean>> & { interact?: boolean }

describe.each(Object.keys(ways))('%s', (way) => {
  test.each<[Levels, boolean]>([
    [{}, true],
    [{ requester: false }, false],
    [{ requester: false, instance: true }, true],
    [{ requester: true, instance: false }, false],
    [{ instance: false, request: true }, true],
    [{ requester: false, request: true }, true],
    [{ instance: true, request: false }, false],
    [{ requester: false, interact: true }, true],
    [{ instance: false, interact: true }, true],
    [{ request: false, interact: true }, false],
  ])('%j: %s', async (levels, isSent) => {
    const { requester: atRequester, instance, request, interact } = { ...sent, ...levels }
    const { requester, url, asked } = await cast(atRequester === undefined ? {} : { interactive: atRequester })
    const get = ways[way]?.(requester, instance === undefined ? undefined : { interactive: instance })
    const ask = async () => get?.(url, request === undefined ? undefined : { interactive: request })
    const outcome = interact ? requester.interact(ask) : ask()
    if (isSent) await outcome
    else expect(findUmaError(await rejection(outcome), 'interaction_required')).toBeDefined()
    expect(asked).toHaveLength(isSent ? 1 : 0)
  })

  test('interact counts for a request that starts in the task, also if the library calls its adapter later', async () => {
    const { requester, url, asked } = await cast({ interactive: false })
    const get = ways[way]?.(requester)
    let asking: Promise<unknown> | undefined
    await requester.interact(() => {
      asking = get?.(url)
    })
    await asking
    expect(asked).toHaveLength(1)
  })
})

test('interact ends with its task, also with a task that fails', async () => {
  const { requester, url, asked } = await cast({ interactive: false })
  const failure = new Error('of the task')
  await expect(requester.interact(() => Promise.reject(failure))).rejects.toBe(failure)
  await expect(
    requester.interact(() => {
      throw failure
    }),
  ).rejects.toBe(failure)
  expect(await requester.interact(async () => 'done')).toBe('done')
  expect(findUmaError(await rejection(requester.fetch(url)), 'interaction_required')).toBeDefined()
  expect(asked).toHaveLength(0)
})

test('interact of one handle does not count for another', async () => {
  const { requester, url } = await cast({ interactive: false })
  const bob = requester.as('bob')
  const error = await requester.interact(() => rejection(bob.fetch(url)))
  expect(findUmaError(error, 'interaction_required')).toBeDefined()
})

test('interact opens a window early, and closes it when the task has ended', async () => {
  const log: string[] = []
  const onRedirect = {
    open: async () => expect.fail('nobody is sent away'),
    early() {
      log.push('open')
      return () => log.push('close')
    },
  }
  const { requester } = await cast({ onRedirect })
  const task = requester.interact(async () => {
    log.push('task')
    await Promise.resolve()
  })
  expect(log).toEqual(['open', 'task'])
  await task
  expect(log).toEqual(['open', 'task', 'close'])
})
