import { describe, expect, it } from 'vitest'
import { RedirectError } from '../../../../src/errors/index.ts'
import { createFlows } from '../../../../src/flow/flows.ts'
import { type CallbackAccess, finishReturn } from '../../../../src/flow/people/handle-callback.ts'
import { keepPending } from '../../../../src/flow/people/keep-flow.ts'
import type { SchemeRedirect, Step } from '../../../../src/schemes/scheme.ts'
import { host, key, place, scriptedScheme, world } from '../run-kit.ts'

const redirectUri = 'https://app.example/back'
const back = `${redirectUri}?state=s&ticket=new`
const granted: Step = { kind: 'granted', grant: { token: 'rpt-1', type: 'bearer' }, upgraded: false }
const redirect: SchemeRedirect = {
  url: () => undefined,
  accept: (_state, url) => ({ ticket: new URL(url).searchParams.get('ticket') ?? undefined }),
}

/** A party whose person went away for claims. */
async function away(more: object = {}) {
  const scheme = scriptedScheme([granted], { redirect })
  const made = world({ scheme, flow: { at: 'person', state: { ticket: 'old' }, redirectUri, ...more } })
  made.run.stop()
  const { access, records, party, target } = made
  const callback: CallbackAccess = { ...access, flows: createFlows(access), returning: new Map() }
  await keepPending(records, 's', { v: 2, flow: made.run.flow })
  const finish = (url = back) => finishReturn(callback, party, { url, isThisPage: false }, target.tell)
  return { ...made, finish, callback }
}

describe('handleCallback', () => {
  it('finishes the flow, and names the request', async () => {
    const { finish, party, callback } = await away()
    const [first, second] = [finish(), finish()]
    expect(second).toBe(first)
    expect(await first).toEqual({ kind: 'ticket', request: { method: 'GET', url: place.url } })
    expect(party.wallet.newest(host, key)?.grant.token).toBe('rpt-1')
    expect(callback.returning.size).toBe(0)
    expect(await finish()).toEqual({ finished: true })
  })

  it('resolves a path against the redirect URI', async () => {
    const { finish } = await away()
    expect(await finish('/back?state=s&error=x')).toMatchObject({ kind: 'error' })
  })

  it('repeats a failure with its code', async () => {
    const { finish } = await away()
    const failure = await finish('https://evil.example/?state=s').catch((error: unknown) => error)
    expect(failure).toMatchObject({ reason: 'redirect_uri', kind: 'ticket', request: { url: place.url } })
    expect(Object.keys(failure as object)).not.toContain('request')
    const { code } = failure as { code: string }
    await expect(finish()).rejects.toBeInstanceOf(RedirectError)
    await expect(finish()).rejects.toMatchObject({ code, message: expect.stringContaining('failed before') })
  })

  it.each([
    ['another client', { client: 'other' }, 'is not trusted any more for'],
    ['another scheme', { scheme: 'other' }, 'is not trusted any more for'],
    ['another server', { issuer: 'https://other.example' }, 'is not trusted any more for'],
    ['another host', { place: { method: 'GET', url: 'https://other.example/' } }, 'is not trusted any more for'],
  ])('refuses %s', async (_name, more, message) => {
    const made = await away(more)
    await expect(made.finish()).rejects.toThrow(message)
  })

  it('refuses a state that nobody waits for', async () => {
    const { finish } = await away()
    await expect(finish(`${redirectUri}?state=x`)).rejects.toMatchObject({ code: 'invalid_state' })
  })
})
