/** The parts of a party are made when they are first used. */
import { describe, expect, test, vi } from 'vitest'
import { createParties } from '../../../src/parties/create-parties.ts'
import type { Party, RecordStore, StoredWallet } from '../../../src/parties/party.ts'

const records = { lock: (_key: string, task: () => Promise<unknown>) => task() } as RecordStore

function partiesWithStorage() {
  const stored = { forgotten: vi.fn() }
  const make = vi.fn((party: Party) => {
    // The part of the storage may use the wallet while it is made.
    expect(party.wallet.all()).toEqual([])
    return stored as unknown as StoredWallet
  })
  return { stored, make, parties: createParties({}, records, make) }
}

const grant = { token: 'rpt', type: 'bearer' }
const hold = (party: Party) =>
  party.wallet.store({ grant, headers: undefined, authority: 'as client', host: 'https://photos.example' })

describe('a party', () => {
  test('has nothing from the storage until it is used, and then always the same', () => {
    const { make, stored, parties } = partiesWithStorage()
    const party = parties.get('bob')
    expect(party.name).toBe('bob')
    expect(make).not.toHaveBeenCalled()
    expect([party.stored, party.stored]).toEqual([stored, stored])
    expect(make).toHaveBeenCalledOnce()
  })

  test('keeps its parts', () => {
    const party = createParties({}, records, undefined).get('bob')
    const { wallet, pcts, identities, neverUpgrades, interactions, lock } = party
    expect(party).toMatchObject({ wallet, pcts, identities, neverUpgrades, interactions, lock, stored: undefined })
    for (const name of ['wallet', 'pcts', 'identities', 'neverUpgrades', 'interactions', 'lock'] as const) {
      expect(party[name]).toBe(party[name])
    }
  })

  test('that was never used is forgotten: the epoch rises, and nothing is made for that', () => {
    const { make, parties } = partiesWithStorage()
    const party = parties.get('bob')
    party.forget()
    expect(party.epoch).toBe(1)
    expect(make).not.toHaveBeenCalled()
  })

  test('that was used is forgotten: everything held is dropped, and the storage is told', () => {
    const { stored, parties } = partiesWithStorage()
    const party = parties.get('bob')
    const rpt = hold(party)
    const before = party.wallet
    party.pcts.set('as', 'pct')
    party.neverUpgrades.add('as')
    party.identities = new Map([['as', {} as never]])
    party.forget()
    expect(rpt.held).toBe(false)
    expect(party.wallet).not.toBe(before)
    expect([party.pcts.size, party.neverUpgrades.size, party.identities.size, party.epoch]).toEqual([0, 0, 0, 1])
    expect(stored.forgotten).toHaveBeenCalledOnce()
  })

  test('locks one task of a key after the other', async () => {
    const party = createParties({}, records, undefined).get('bob')
    const order: string[] = []
    const task = (name: string) => async () => {
      order.push(`${name} begins`)
      await null
      order.push(`${name} ends`)
    }
    await Promise.all([party.lock('key', task('a')), party.lock('key', task('b'))])
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
  })
})
