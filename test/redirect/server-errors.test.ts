/** `RedirectNeededError` and `redirectOf`: who gets which error, and what is not in it. */
import { inspect } from 'node:util'
import axios from 'axios'
import ky from 'ky'
import { describe, expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import { handleCallback } from '../../src/callback.ts'
import { findUmaError, isUmaError, RedirectNeededError, UmaError } from '../../src/index.ts'
import { extendKy } from '../../src/ky.ts'
import { redirectOf, serverRedirect } from '../../src/redirect/server.ts'
import { person, rejection } from '../sign-in/kit.ts'
import { byBoth, byClaims, bySignIn, startStage } from './server-kit.ts'

const path = '/alice/1.jpg'

test('the error tells where to go, and holds no secret that is logged', async () => {
  const { requester, world } = await startStage(byBoth)
  const error = await rejection(requester.as('alice').fetch(world.host.origin + path))
  expect(error).toBeInstanceOf(RedirectNeededError)
  expect(error).toMatchObject({ code: 'redirect_needed', retryable: false, issuer: world.as.issuer })
  expect(findUmaError(error, 'redirect_needed')?.response).toMatchObject({ status: 401 })
  const url = new URL(redirectOf(error) ?? '')
  expect([url.origin, url.pathname]).toEqual([world.as.issuer, '/authorize'])
  const printed = [JSON.stringify(error), inspect(error), String(error), JSON.stringify({ ...Object(error) })].join()
  expect(printed).not.toContain(url.searchParams.get('state'))
  expect(printed).not.toContain('/authorize')
  expect(JSON.stringify(world.events)).not.toContain(url.searchParams.get('state'))
})

test('through axios and ky', async () => {
  const { requester, world } = await startStage(byClaims)
  const api = axios.create({ baseURL: world.host.origin })
  attachRequester(api, requester.as('alice'))
  const byAxios = await rejection(api.get(path))
  expect(axios.isAxiosError(byAxios)).toBe(true)
  expect(isUmaError(byAxios, 'redirect_needed')).toBe(true)
  expect(new URL(redirectOf(byAxios) ?? '').pathname).toBe('/rqp_claims')
  const state = new URL(redirectOf(byAxios) ?? '').searchParams.get('state') ?? 'no state'
  expect([JSON.stringify(byAxios), inspect(byAxios, { depth: 9 })].join()).not.toContain(state)
  const byKy = await rejection(extendKy(ky, requester.as('bob')).get(world.host.origin + path))
  expect(new URL(redirectOf(byKy) ?? '').pathname).toBe('/rqp_claims')
})

test.each([undefined, null, 'x', new Error('x'), new UmaError('x'), { code: 'redirect_needed' }])(
  'redirectOf(%s): undefined',
  (error) => expect(redirectOf(error)).toBeUndefined(),
)

test('all requests that share the flow reject, each with its own answer', async () => {
  const { requester, world } = await startStage(byClaims)
  const alice = requester.as('alice')
  const errors = await Promise.all([1, 2, 3].map(() => rejection(alice.fetch(world.host.origin + path))))
  expect(new Set(errors.map(redirectOf)).size).toBe(1)
  expect(redirectOf(errors[0])).toBeDefined()
  expect(new Set(errors.map((error) => (error as UmaError).response)).size).toBe(3)
  expect(errors.every((error) => error instanceof RedirectNeededError)).toBe(true)
})

test('requests for several places at once: each gets a URL', async () => {
  const { requester, world } = await startStage(byClaims)
  const alice = requester.as('alice')
  const urls = [1, 2, 3].map((number) => `${world.host.origin}/alice/${number}.jpg`)
  const errors = await Promise.all(urls.map((url) => rejection(alice.fetch(url))))
  expect(new Set(errors.map(redirectOf)).size).toBe(3)
  expect(errors.map(redirectOf)).not.toContain(undefined)
})

describe('the next request of that person', () => {
  test('gets another URL, and both returns are good', async () => {
    const { requester, world } = await startStage(bySignIn)
    const alice = requester.as('alice')
    const visit = person('alice')
    const backs: string[] = []
    for (const tab of [1, 2]) {
      const error = await rejection(alice.fetch(world.host.origin + path))
      backs.push(await visit(redirectOf(error) ?? `no URL in tab ${tab}`))
    }
    expect(new Set(backs).size).toBe(2)
    for (const back of backs) expect((await handleCallback(alice, back)).kind).toBe('code')
    expect((await alice.fetch(world.host.origin + path)).status).toBe(200)
  })

  test('is not sent away for ever: maxRounds for one place, also over a restart', async () => {
    const stage = await startStage(byClaims, undefined, { maxRounds: 2 })
    const ask = () => rejection(stage.requester.as('alice').fetch(stage.world.host.origin + path))
    expect(redirectOf(await ask())).toBeDefined()
    await stage.restart()
    expect(redirectOf(await ask())).toBeDefined()
    expect(await ask()).toMatchObject({ code: 'interaction_required', reason: 'redirect_loop' })
    expect(redirectOf(await rejection(stage.requester.as('bob').fetch(stage.world.host.origin + path)))).toBeDefined()
  })

  test('may forbid it: interactive: false', async () => {
    const { requester, world } = await startStage(byClaims)
    const request = requester.as('alice').fetch(world.host.origin + path, { uma: { interactive: false } })
    expect(await rejection(request)).toMatchObject({ code: 'interaction_required' })
  })
})

test('handleCallback rejects with the next redirect, and names the request', async () => {
  const { requester, world } = await startStage(byBoth)
  const alice = requester.as('alice')
  const visit = person('alice')
  const error = await rejection(alice.fetch(world.host.origin + path))
  const again = await rejection(handleCallback(alice, await visit(redirectOf(error) ?? '')))
  expect(again).toBeInstanceOf(RedirectNeededError)
  expect(again).toMatchObject({ kind: 'code', request: { method: 'GET', url: world.host.origin + path } })
  expect((await handleCallback(alice, await visit(redirectOf(again) ?? ''))).kind).toBe('ticket')
})

describe('options', () => {
  const put = { method: 'PUT', body: 'new', headers: { 'x-mine': '1' } }

  test('storeRequest: headers and body wait, over two redirects', async () => {
    const { requester, world } = await startStage(byBoth)
    const alice = requester.as('alice')
    const visit = person('alice')
    const error = await rejection(alice.fetch(world.host.origin + path, put))
    const again = await rejection(handleCallback(alice, await visit(redirectOf(error) ?? '')))
    const { request, replay } = await handleCallback(alice, await visit(redirectOf(again) ?? ''))
    expect(request?.stored).toMatchObject({ body: 'new', headers: { 'x-mine': '1' } })
    expect((await replay?.())?.status).toBe(200)
    expect(world.host.bodies.map(({ bytes }) => bytes.toString())).toEqual(['new'])
  })

  test('redirectUri; and without storeRequest, nothing of the request but method and URL', async () => {
    const stage = await startStage(bySignIn)
    const redirectUri = `${stage.origin}/callback`
    await stage.restart({ redirectUri: 'https://elsewhere.example', onRedirect: serverRedirect({ redirectUri }) })
    const alice = stage.requester.as('alice')
    const error = await rejection(alice.fetch(stage.world.host.origin + path, put))
    expect(new URL(redirectOf(error) ?? '').searchParams.get('redirect_uri')).toBe(redirectUri)
    const back = new URL(await person('alice')(redirectOf(error) ?? ''))
    const { request, replay } = await handleCallback(alice, back.pathname + back.search)
    expect([request, replay]).toEqual([{ method: 'PUT', url: stage.world.host.origin + path }, undefined])
  })
})
