import { describe, expect, it } from 'vitest'
import { lookIntoWallet } from '../../../src/flow/look.ts'
import { flowLockKey } from '../../../src/parties/party.ts'
import { placeKey } from '../../../src/wallet/place.ts'
import { type Rpt, versionOf } from '../../../src/wallet/rpt.ts'
import { hold, host, key, participant, place, type World, type WorldOptions, world } from './run-kit.ts'

const versionIn = ({ id, revision }: Rpt) => ({ id, revision })

/** A flow that a participant leads. */
function ledWorld(leader: Parameters<typeof participant>[0] = {}, options: WorldOptions = {}): World {
  const made = world(options)
  made.run.stop()
  made.shared.join(participant(leader)).catch(() => {})
  return made
}
const nothing = (epoch = 0) => ({ kind: 'nothing-held', epoch })

describe('a look into the wallet', () => {
  it('finds nothing, and takes the epoch of the party', async () => {
    const made = ledWorld()
    made.party.epoch = 4
    expect(await lookIntoWallet(made.run)).toEqual(nothing(4))
    made.run.flow = { ...made.run.flow, state: { ticket: 't' }, epoch: 2 }
    expect(await lookIntoWallet(made.run)).toEqual(nothing(2))
  })

  it('brings the wallet up to date first', async () => {
    const made = ledWorld()
    Object.defineProperty(made.party, 'stored', { value: { sync: async () => void hold(made, 'synced') } })
    expect(await lookIntoWallet(made.run)).toMatchObject({ kind: 'worth-trying' })
  })

  it('finds an RPT that opens the place', async () => {
    const made = ledWorld()
    made.party.wallet.opened(hold(made, 'other', 'https://other.example album'), place)
    const exact = hold(made, 'exact')
    made.party.wallet.opened(exact, place)
    hold(made, 'newer')
    expect(await lookIntoWallet(made.run)).toEqual({ kind: 'held', rpt: versionIn(exact) })
  })

  it('does not find an RPT that the leader has tried', async () => {
    const tried = new Set<string>()
    const made = ledWorld({ tried })
    const exact = hold(made, 'exact')
    made.party.wallet.opened(exact, place)
    tried.add(versionOf(exact))
    expect(await lookIntoWallet(made.run)).toEqual({ ...nothing(), upgrade: versionIn(exact) })
  })

  it('tries the newest RPT', async () => {
    const made = ledWorld()
    const newest = hold(made, 'newest')
    expect(await lookIntoWallet(made.run)).toEqual({ kind: 'worth-trying', rpt: versionIn(newest) })
  })

  const reasons: [string, (made: World, newest: Rpt) => void][] = [
    ['was tried in this flow', ({ run }) => void Object.assign(run.flow, { triedNewest: true })],
    ['was not enough for the place', (_made, newest) => void newest.insufficient.add(placeKey(place))],
    ['comes after a challenge was used', ({ run }) => void Object.assign(run.flow, { state: { ticket: 't' } })],
    ['has no leader to send it', ({ shared }) => void shared.dismissLeader(new Error('gone'))],
  ]
  it.each(reasons)('upgrades an RPT that %s', async (_reason, prepare) => {
    const made = ledWorld()
    const newest = hold(made, 'newest')
    prepare(made, newest)
    expect(await lookIntoWallet(made.run)).toEqual({ ...nothing(), upgrade: versionIn(newest) })
  })

  it('upgrades if the leader cannot send its body again', async () => {
    const made = ledWorld({ replayable: false })
    const newest = hold(made, 'newest')
    expect(await lookIntoWallet(made.run)).toEqual({ ...nothing(), upgrade: versionIn(newest) })
  })

  it('neither tries nor upgrades where the server ignores rpt', async () => {
    const made = ledWorld()
    hold(made, 'newest')
    made.party.neverUpgrades.add(flowLockKey(key, host))
    expect(await lookIntoWallet(made.run)).toEqual(nothing())
  })

  it('leaves out an RPT that the server refused', async () => {
    const made = ledWorld({ replayable: false }, { flow: { without: ['rpt'] } })
    hold(made, 'newest')
    expect(await lookIntoWallet(made.run)).toEqual(nothing())
    made.run.flow = { ...made.run.flow, without: ['pct'] }
    expect(await lookIntoWallet(made.run)).toHaveProperty('upgrade')
  })
})

describe('the RPT to upgrade', () => {
  function withPresented(authority: string = key) {
    const made = world()
    made.run.stop()
    const presented = hold(made, 'presented', authority)
    const newest = hold(made, 'newest')
    made.shared.join(participant({ replayable: false, rpt: presented })).catch(() => {})
    return { made, presented, newest }
  }
  const upgradeOf = async ({ run }: World) => (await lookIntoWallet(run)) as { upgrade?: unknown }

  it('is the one that the challenge answered', async () => {
    const { made, presented } = withPresented()
    expect((await upgradeOf(made)).upgrade).toEqual(versionIn(presented))
  })

  it('is the newest if the presented one is gone, is of another server, or a challenge was used', async () => {
    const gone = withPresented()
    gone.made.party.wallet.drop(gone.presented)
    expect((await upgradeOf(gone.made)).upgrade).toEqual(versionIn(gone.newest))
    const foreign = withPresented('https://other.example album')
    expect((await upgradeOf(foreign.made)).upgrade).toEqual(versionIn(foreign.newest))
    const used = withPresented()
    used.made.run.flow = { ...used.made.run.flow, state: { ticket: 't' } }
    expect((await upgradeOf(used.made)).upgrade).toEqual(versionIn(used.newest))
  })

  it('stays the same in the flow as long as it is held', async () => {
    const made = world({ flow: { state: { ticket: 't' } } })
    made.run.stop()
    const before = hold(made, 'before')
    const newest = hold(made, 'newest')
    made.run.flow = { ...made.run.flow, rpt: versionIn(before) }
    expect((await upgradeOf(made)).upgrade).toEqual(versionIn(before))
    made.party.wallet.drop(before)
    expect((await upgradeOf(made)).upgrade).toEqual(versionIn(newest))
  })
})
