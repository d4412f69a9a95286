/** A person who leaves and comes back in the same process: `navigate` shows another browser, and the page stays. */
import { expect, test } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import { asksFor, path, rejection, umaRejection, until, visit } from './kit.ts'
import { pages } from './page-kit.ts'

test('the request that waits ends when handleCallback continues it', async () => {
  const { world, urls, load } = await pages()
  const requester = load()
  const waiting = umaRejection(requester.fetch(world.host.origin + path))
  await until(() => urls.length === 1)
  const { kind, replay } = await handleCallback(requester, await visit(urls[0] as string))
  expect(kind).toBe('ticket')
  expect(await waiting).toMatchObject({ code: 'redirect_failed', reason: 'continued' })
  expect((await replay?.())?.status).toBe(200)
  expect(world.as.stats.ticketsReplayed).toBe(0)
})

test('two redirects in a row: nothing waits for the time of the flow to be up', async () => {
  const { world, urls, load } = await pages({}, { policy: asksFor('person', 'person') })
  const requester = load()
  const waiting = umaRejection(requester.fetch(world.host.origin + path))
  await until(() => urls.length === 1)
  const firstBack = await visit(urls[0] as string)
  const first = umaRejection(handleCallback(requester, firstBack))
  await until(() => urls.length === 2)
  expect((await waiting).reason).toBe('continued')
  const { kind, replay } = await handleCallback(requester, await visit(urls[1] as string))
  expect([kind, (await first).reason]).toEqual(['ticket', 'continued'])
  expect((await replay?.())?.status).toBe(200)
  // The first return was finished, although the person was sent away once more.
  expect(await handleCallback(requester, firstBack)).toEqual({ finished: true })
  expect(world.as.stats.ticketsReplayed).toBe(0)
})

test('a return that nobody waits for changes nothing', async () => {
  const { world, urls, load } = await pages()
  const requester = load()
  const controller = new AbortController()
  const waiting = rejection(requester.fetch(world.host.origin + path, { signal: controller.signal }))
  await until(() => urls.length === 1)
  await expect(handleCallback(requester, 'https://app.example.com/callback?state=x')).rejects.toMatchObject({
    code: 'invalid_state',
  })
  controller.abort()
  expect(await waiting).toMatchObject({ name: 'AbortError' })
})
