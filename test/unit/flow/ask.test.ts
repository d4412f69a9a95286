import { describe, expect, it } from 'vitest'
import { none } from '../../../src/authorization-server/client-authentication.ts'
import { bearerBinding } from '../../../src/bindings/bearer.ts'
import { BindingError, RequestDeniedError, SchemeError } from '../../../src/errors/index.ts'
import { askServer } from '../../../src/flow/ask.ts'
import { flowLockKey } from '../../../src/parties/party.ts'
import type { Scheme, Step } from '../../../src/schemes/scheme.ts'
import { codeFlow } from '../../../src/sign-in.ts'
import { issuer, json, metadata, status } from '../authorization-server/kit.ts'
import { askStep, hold, host, key, participant, place, scriptedScheme, type WorldOptions, world } from './run-kit.ts'

/** A flow that a participant leads, with a scheme that takes these steps. */
function asking(steps: Step[], options: WorldOptions = {}, more: Partial<Scheme> = {}) {
  const scheme = scriptedScheme(steps, more)
  const made = world({ scheme, ...options })
  made.run.stop()
  const leader = participant()
  made.shared.join(leader).catch(() => {})
  return { ...made, scheme, leader, ask: () => askServer(made.run), types: () => made.events.map(({ type }) => type) }
}
const wait: Step = { kind: 'wait', seconds: 3 }
const granted = (upgraded = false, pct?: string): Step => ({
  kind: 'granted',
  grant: { token: 'rpt-1', type: 'bearer' },
  upgraded,
  pct,
})
const denied = new RequestDeniedError('denied', { issuer })

describe('askServer', () => {
  it('asks with the ticket of the leader, and reads the answer', async () => {
    const { ask, scheme, sent, leader, events, run } = asking([askStep, wait], { flow: { scope: 'view' } })
    run.claim = { token: 'c', format: 'f' }
    expect(await ask()).toEqual({ kind: 'wait', state: { ticket: 'ticket-1' }, seconds: 3 })
    expect(scheme.inputs[0]).toMatchObject({ begin: { claim: { token: 'c', format: 'f' }, scope: 'view' } })
    expect(scheme.inputs[1]).toMatchObject({ answer: { status: 200, text: '{}' } })
    expect([sent.length, leader.ticketUsed, run.claim]).toEqual([1, true, undefined])
    const facts = { flow: 7, issuer }
    expect(events).toEqual([
      { type: 'token-request', rpt: false, pct: false, claim: true, ...facts },
      { type: 'token-answer', step: 'wait', ...facts },
    ])
  })

  it('goes on with its own state, which uses no ticket of the leader', async () => {
    const { ask, leader } = asking([askStep, wait], { flow: { state: { ticket: 'own' } } })
    expect(await ask()).toMatchObject({ state: { ticket: 'own' } })
    expect(leader.ticketUsed).toBe(false)
  })

  it('sends the PCT, the parameters and the RPT to upgrade', async () => {
    const made = asking([askStep, wait], {
      server: { parameters: { a: '1', b: '1' } },
      flow: { parameters: { b: '2' } },
    })
    const rpt = hold(made, 'old')
    made.run.flow = { ...made.run.flow, rpt: { id: rpt.id, revision: rpt.revision } }
    made.party.pcts.set(key, 'pct')
    await made.ask()
    expect(made.scheme.inputs[0]).toMatchObject({ begin: { rpt: 'old', pct: 'pct', parameters: { a: '1', b: '2' } } })
    expect(made.events[0]).toMatchObject({ rpt: true, pct: true, claim: false })
  })

  it('leaves out a PCT that was refused', async () => {
    const made = asking([askStep, wait], { flow: { without: ['pct'] } })
    made.party.pcts.set(key, 'pct')
    await made.ask()
    expect(made.scheme.inputs[0]).toMatchObject({ begin: { pct: undefined } })
    expect(made.events[0]).toMatchObject({ pct: false })
  })

  it('asks at most five times in a round', async () => {
    const five = asking([askStep, askStep, askStep, askStep, askStep, wait])
    expect((await five.ask()).kind).toBe('wait')
    const endless = asking([askStep])
    await expect(endless.ask()).rejects.toThrow('The scheme script asks more than 5 times in a round')
    expect(endless.sent).toHaveLength(5)
  })

  it('keeps the flow as it was if nobody is signed in', async () => {
    const party: Step = { ...askStep, by: 'party' } as Step
    const { ask, run, sent, leader } = asking([party, wait])
    run.claim = { token: 'c', format: 'f' }
    expect(await ask()).toEqual({ kind: 'nobody-signed-in' })
    expect([run.claim.token, sent.length, leader.ticketUsed]).toEqual(['c', 0, false])
  })

  it("notices that the party's own token was refused", async () => {
    const party: Step = { ...askStep, by: 'party' } as Step
    const signIn: Step = { kind: 'sign-in' }
    const server = { signIn: codeFlow({ scope: 'openid' }) }
    const { ask, run, party: alice, sent } = asking([party, signIn], { acts: [status(401)], server })
    alice.identities.set(key, { accessToken: 'own-token' })
    expect(await ask()).toEqual({ kind: 'token-refused' })
    expect([run.partyToken, sent[0]?.headers.get('authorization')]).toEqual(['own-token', 'Bearer own-token'])
    expect((await asking([askStep, wait], { acts: [status(401)] }).ask()).kind).toBe('wait')
    // An old server may answer 401 with claims: the scheme decides.
    const claims = asking([party, wait], { acts: [status(401)], server })
    claims.party.identities.set(key, { accessToken: 'own-token' })
    expect((await claims.ask()).kind).toBe('wait')
  })

  it('authenticates the client', async () => {
    const client = { id: 'album', auth: none() }
    const { ask, sent } = asking([{ ...askStep, by: 'client' } as Step, wait], { authority: { client } })
    await ask()
    expect(sent[0]?.body).toBe('client_id=album')
  })

  it.each([
    [
      'threw an error',
      () => {
        throw new Error('broken')
      },
    ],
    ['returned no state and step', () => undefined],
    ['returned no state and step', () => ({ state: 'text', step: wait })],
    ['returned no state and step', () => ({ state: {}, step: {} })],
  ])('names a scheme that %s', async (what, next) => {
    const error = await asking([], {}, { next: next as unknown as Scheme['next'] })
      .ask()
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(SchemeError)
    expect(error).toMatchObject({ message: `The scheme script ${what}`, issuer })
  })

  it('passes an error of this package on', async () => {
    const next = () => {
      throw denied
    }
    await expect(asking([], {}, { next }).ask()).rejects.toBe(denied)
  })

  it('presents the proof of the binding, and sends once more for a nonce', async () => {
    const asked: unknown[] = []
    const binding = {
      ...bearerBinding,
      presentTokenRequest: (request: unknown) => ({ dpop: asked.push(request) ? 'proof' : '' }),
      answered: ({ status: code }: { status: number }) => code === 400,
    }
    const { ask, sent } = asking([askStep, wait], {
      authority: { binding: binding as never },
      acts: [status(400), json({})],
    })
    await ask()
    expect(sent.map(({ headers }) => headers.get('dpop'))).toEqual(['proof', 'proof'])
    expect(asked).toEqual(Array(2).fill({ method: 'POST', url: metadata.token_endpoint }))
    const content = asking([askStep, wait], { authority: { binding: binding as never } })
    await content.ask()
    expect(content.sent).toHaveLength(1)
  })

  it('names a binding that fails', async () => {
    const binding = { ...bearerBinding, presentTokenRequest: () => Promise.reject(new Error('no key')) }
    const error = await asking([askStep], { authority: { binding } })
      .ask()
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(BindingError)
    expect(error).toMatchObject({ message: `The binding ${bearerBinding.name} failed`, issuer })
  })
})

describe('a step of the scheme', () => {
  it('granted: the RPT and the PCT are stored', async () => {
    const { ask, party, events } = asking([granted(false, 'pct-1')])
    const rpt = party.wallet
    expect(await ask()).toEqual({ kind: 'granted', rpt: { id: rpt.newest(host, key)?.id, revision: 0 } })
    expect(party.wallet.at('GET', place.url)?.grant.token).toBe('rpt-1')
    expect(party.pcts.get(key)).toBe('pct-1')
    expect(events.at(-1)).toMatchObject({ type: 'rpt-stored', host, upgraded: false })
  })

  it('granted: it is learned whether the server upgrades', async () => {
    const lock = flowLockKey(key, host)
    const made = asking([granted(false)])
    const rpt = hold(made, 'old')
    made.run.flow = { ...made.run.flow, rpt: { id: rpt.id, revision: 0 } }
    await made.ask()
    expect(made.party.neverUpgrades.has(lock)).toBe(true)
    const upgraded = asking([granted(true)])
    upgraded.party.neverUpgrades.add(lock)
    const old = hold(upgraded, 'old')
    upgraded.run.flow = { ...upgraded.run.flow, rpt: { id: old.id, revision: 0 } }
    expect(await upgraded.ask()).toMatchObject({ rpt: { id: old.id } })
    expect([old.grant.token, upgraded.party.neverUpgrades.size]).toEqual(['rpt-1', 0])
    const fresh = asking([granted(false)])
    await fresh.ask()
    expect(fresh.party.neverUpgrades.size).toBe(0)
  })

  it('granted or issued after a sign-out: the token is revoked', async () => {
    for (const step of [granted(), { kind: 'issued', grant: { token: 'rpt-1', type: 'bearer' } } as Step]) {
      const { ask, party } = asking([step])
      party.epoch = 1
      expect(await ask()).toEqual({ kind: 'signed-out' })
      expect(party.wallet.all()).toHaveLength(0)
    }
  })

  it('issued: the host is asked again if the leader can send', async () => {
    const { ask, party, events, shared } = asking([{ kind: 'issued', grant: { token: 'rpt-1', type: 'bearer' } }])
    expect(await ask()).toMatchObject({ kind: 'issued', rpt: { revision: 0 }, canSend: true })
    expect([party.wallet.newest(host, key)?.grant.token, events.at(-1)?.type]).toEqual(['rpt-1', 'rpt-stored'])
    shared.dismissLeader(new Error('gone'))
  })

  it('claims, sign-in and denied become inputs', async () => {
    const state = { ticket: 'ticket-1' }
    const claims = { kind: 'claims' as const, requiredClaims: [], redirectUser: 'https://as.example/c' }
    expect(await asking([claims]).ask()).toEqual({ ...claims, state })
    expect(await asking([{ kind: 'sign-in', acr: ['a'] }]).ask()).toEqual({ kind: 'sign-in', state, acr: ['a'] })
    const refused = asking([{ kind: 'denied', error: denied }])
    expect([await refused.ask(), refused.run.error]).toEqual([{ kind: 'denied' }, denied])
    await expect(asking([{ kind: 'odd' } as never]).ask()).rejects.toThrow('The scheme script returned an unknown step')
  })

  it('again: a bad token is dropped, and the newest RPT may be presented', async () => {
    const again = { kind: 'again' as const, without: ['rpt' as const, 'pct' as const], drop: true, error: denied }
    const made = asking([again])
    const rpt = hold(made, 'old')
    made.run.flow = { ...made.run.flow, rpt: { id: rpt.id, revision: 0 } }
    made.party.pcts.set(key, 'pct')
    expect(await made.ask()).toEqual({ kind: 'again', without: ['rpt', 'pct'], canSend: true })
    expect([rpt.held, made.party.pcts.size, made.run.error]).toEqual([false, 0, denied])
    expect(made.events.at(-1)).toEqual({ type: 'rpt-dropped', issuer, host, reason: 'refused' })
    const kept = asking([{ ...again, drop: false, presenting: true }])
    const held = hold(kept, 'held')
    kept.run.flow = { ...kept.run.flow, rpt: { id: held.id, revision: 0 } }
    kept.party.pcts.set(key, 'pct')
    expect(await kept.ask()).toMatchObject({ rpt: { id: held.id, revision: 0 } })
    expect([held.held, kept.party.pcts.size]).toEqual([true, 1])
  })
})
