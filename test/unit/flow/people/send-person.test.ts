import { describe, expect, it } from 'vitest'
import { NobodySignedInError } from '../../../../src/errors/index.ts'
import type { FlowOptions, RedirectRequest } from '../../../../src/flow/options.ts'
import { keepFlow } from '../../../../src/flow/people/keep-flow.ts'
import { leavingRedirect } from '../../../../src/flow/people/leaving.ts'
import { redirectForClaims, signInPerson } from '../../../../src/flow/people/send-person.ts'
import { supplyClaim } from '../../../../src/flow/people/supply-claim.ts'
import type { SchemeRedirect } from '../../../../src/schemes/scheme.ts'
import { defineSignIn } from '../../../../src/sign-in.ts'
import { issuer } from '../../authorization-server/kit.ts'
import { participant, scriptedScheme, type WorldOptions, world } from '../run-kit.ts'

const redirectUri = 'https://app.example/back'
const comeBack = async ({ state }: RedirectRequest) => `${redirectUri}?state=${state}&ticket=new`

function sending(options: FlowOptions, redirect: Partial<SchemeRedirect> = {}, more: WorldOptions = {}) {
  const asked: unknown[][] = []
  const full: SchemeRedirect = {
    url: (...args) => {
      asked.push(args)
      return new URL(args[1])
    },
    accept: (_state, back) => ({ ticket: new URL(back).searchParams.get('ticket') ?? undefined }),
    ...redirect,
  }
  const flow = { state: { ticket: 'old' }, redirectUser: `${issuer}/claims`, ...more.flow }
  const scheme = scriptedScheme([], { redirect: full })
  const made = world({ scheme, options: { redirectUri, ...options }, ...more, flow })
  made.run.stop()
  return { ...made, asked }
}

describe('a redirect for claims', () => {
  it('brings the next state of the scheme', async () => {
    const requests: RedirectRequest[] = []
    const onRedirect = (request: RedirectRequest) => {
      requests.push(request)
      return comeBack(request)
    }
    const { run, events, asked } = sending({ onRedirect })
    expect(await redirectForClaims(run)).toEqual({ kind: 'returned', state: { ticket: 'new' } })
    expect(requests[0]).toMatchObject({ url: `${issuer}/claims`, redirectUri, issuer, requestingParty: 'alice' })
    const facts = { clientId: 'album', redirectUri, state: requests[0]?.state }
    expect(asked).toEqual([[{ ticket: 'old' }, `${issuer}/claims`, facts]])
    expect(events.map(({ type }) => type)).toEqual(['redirect', 'redirect-returned'])
  })

  it('needs a handler, and the permission of the request', async () => {
    expect(await redirectForClaims(sending({}).run)).toEqual({ kind: 'not-interactive' })
    const forbidden = sending({ onRedirect: comeBack }, {}, { flow: { interactive: false } })
    expect(await redirectForClaims(forbidden.run)).toEqual({ kind: 'not-interactive' })
    expect(forbidden.party.interactions.size).toBe(0)
  })

  it('is one of a party at a time, and lasts until its outcome was asked for', async () => {
    const { run, party } = sending({ onRedirect: comeBack })
    await redirectForClaims(run)
    const second = { ...run }
    let waited: unknown
    const waiting = redirectForClaims(second).then((input) => {
      waited = input
    })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect([waited, party.interactions.size]).toEqual([undefined, 1])
    run.endInteraction()
    await waiting
    expect([waited, party.interactions.size]).toEqual([{ kind: 'waited' }, 0])
  })

  it('is refused after too many', async () => {
    const { run } = sending({ onRedirect: comeBack, maxRounds: 1 })
    await redirectForClaims(run)
    run.endInteraction()
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(await redirectForClaims(run)).toEqual({ kind: 'redirect-loop' })
  })

  it('is not begun with an unsafe URL, or by a scheme without one', async () => {
    const unsafe = sending({ onRedirect: comeBack }, { url: () => undefined })
    await expect(redirectForClaims(unsafe.run)).rejects.toThrow(`${issuer} wants to send people to a URL`)
    const none = world({ options: { onRedirect: comeBack } })
    none.run.stop()
    await expect(redirectForClaims(none.run)).rejects.toThrow('The scheme script has no redirect for claims')
  })

  it('waits in the storage if the page goes away', async () => {
    const stored = { headers: { a: 'b' } }
    const open = async () =>
      leavingRedirect({ redirectUri, uniqueRedirectUri: true, run: comeBack }, (run, leaving) =>
        keepFlow(run, leaving, true),
      )
    const { run, records, shared } = sending({ onRedirect: { open } }, {}, { flow: { state: undefined } })
    Object.assign(run.target, { stored: () => stored })
    shared.join(participant()).catch(() => {})
    await redirectForClaims(run)
    const pending = [...records.held].find(([name]) => name.startsWith('uma:pending:'))
    expect(JSON.parse(pending?.[1] ?? '')).toMatchObject({
      v: 2,
      stored,
      flow: { redirectUri, state: { ticket: 'ticket-1' }, resume: 'look' },
    })
  })

  it('leaves a claim that was not sent on this page', async () => {
    const open = async () => leavingRedirect({ run: comeBack }, (run, leaving) => keepFlow(run, leaving, false))
    const { run, records } = sending({ onRedirect: { open } }, {}, { flow: { claim: 'digest' } })
    run.claim = { token: 'secret', format: 'f' }
    await redirectForClaims(run)
    const text = [...records.held].find(([name]) => name.startsWith('uma:pending:'))?.[1] ?? ''
    expect(JSON.parse(text).flow).toMatchObject({ resume: 'claims', pushClaims: false, state: { ticket: 'old' } })
    expect(text).not.toMatch(/digest|secret|stored|signIn/)
  })
})

describe('a sign-in', () => {
  const signIn = defineSignIn({
    begin: async (_session, { state }) => ({ url: `${issuer}/a?${state}`, memo: 'm' }),
    finish: async (_session, memo) => ({ accessToken: `token-${memo}` }),
  })

  it('keeps the tokens for the party', async () => {
    const { run, party, events } = sending({ onRedirect: comeBack }, {}, { server: { signIn } })
    expect(await signInPerson(run)).toEqual({ kind: 'signed-in' })
    expect([...party.identities.values()]).toEqual([{ accessToken: 'token-m' }])
    expect(events.map(({ type }) => type)).toEqual(['redirect', 'redirect-returned', 'signed-in'])
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(party.interactions.size).toBe(0)
  })

  it('is void after a sign-out, and needs a way to sign in', async () => {
    const { run, party } = sending({ onRedirect: comeBack }, {}, { server: { signIn } })
    party.epoch = 1
    await expect(signInPerson(run)).rejects.toThrow('Signed out meanwhile')
    expect(party.identities.size).toBe(0)
    await expect(signInPerson(sending({ onRedirect: comeBack }).run)).rejects.toBeInstanceOf(NobodySignedInError)
  })
})

describe('supplyClaim', () => {
  const supplying = (claims: FlowOptions['claims']) => sending({ ...(claims && { claims }) }).run
  const claim = { token: 'secret', format: 'jwt' }

  it('keeps the claim with the run, and tells its digest', async () => {
    const run = supplying(() => claim)
    const input = (await supplyClaim(run)) as { kind: string; digest: string }
    expect([input.kind, run.claim]).toEqual(['claim', claim])
    expect(input.digest).not.toContain('secret')
    const others = [{ ...claim, token: 'x' }, { ...claim, format: 'x' }, claim].map((other) =>
      supplyClaim(supplying(() => other)),
    )
    const same = (await Promise.all(others)).map((other) => (other as typeof input).digest === input.digest)
    expect(same).toEqual([false, false, true])
  })

  it('has none', async () => {
    expect(await supplyClaim(supplying(undefined))).toEqual({ kind: 'no-claim' })
    expect(await supplyClaim(supplying(() => undefined))).toEqual({ kind: 'no-claim' })
  })

  it('refuses half a claim, and passes errors on', async () => {
    for (const half of [{ token: '', format: 'f' }, { token: 't' }, { token: 5, format: 'f' }]) {
      await expect(supplyClaim(supplying(() => half as never))).rejects.toBeInstanceOf(TypeError)
    }
    const error = new Error('no claims')
    await expect(supplyClaim(supplying(() => Promise.reject(error)))).rejects.toBe(error)
    const nobody = supplying(() => Promise.reject(new NobodySignedInError(issuer)))
    expect(await supplyClaim(nobody)).toEqual({ kind: 'nobody-signed-in' })
  })
})
