import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { InvalidStateError } from '../../../../src/errors/index.ts'
import { keepPending } from '../../../../src/flow/people/keep-flow.ts'
import { takePending } from '../../../../src/flow/people/pending.ts'
import { pendingKey } from '../../../../src/parties/record-keys.ts'
import { world } from '../run-kit.ts'

function waiting(more: object = {}) {
  const { run, records, party } = world({ flow: { state: { ticket: 't' }, ...more } })
  run.stop()
  return { flow: run.flow, records, party, take: (longest = 600_000) => takePending(party, 's', longest) }
}
const belongsToNobody = new InvalidStateError('This return belongs to no redirect of this requesting party')

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

describe('a flow that waits in storage', () => {
  it('is taken once', async () => {
    const { flow, records, take } = waiting()
    await keepPending(records, 's', { v: 2, flow })
    expect(records.lifetimes.get(pendingKey('s'))).toBe(300_000)
    expect(await take()).toEqual({ v: 2, flow: JSON.parse(JSON.stringify(flow)) })
    expect(await take()).toBeUndefined()
  })

  it('is taken under a lock', async () => {
    const { flow, records, take } = waiting()
    await keepPending(records, 's', { v: 2, flow })
    const taken = await Promise.all([take(), take()])
    expect(taken.map((pending) => pending !== undefined)).toEqual([true, false])
  })

  it('has a deadline that is believed up to the longest time', async () => {
    const { flow, records, take } = waiting()
    await keepPending(records, 's', { v: 2, flow })
    expect((await take(100))?.flow.deadline).toBe(1_000_100)
    await keepPending(records, 's', { v: 2, flow: { ...flow, deadline: 1_000_000 } })
    expect(records.lifetimes.get(pendingKey('s'))).toBe(1)
    expect((await take())?.flow.deadline).toBe(1_000_000)
    await keepPending(records, 's', { v: 2, flow: { ...flow, deadline: 999_999 } })
    await expect(take()).rejects.toThrow('The person came back too late; send the request again')
  })

  it('belongs to one party, and to one epoch of that party', async () => {
    const { flow, records, party, take } = waiting()
    await keepPending(records, 's', { v: 2, flow: { ...flow, party: 'bob' } })
    await expect(take()).rejects.toThrow(belongsToNobody)
    expect(records.held.has(pendingKey('s'))).toBe(true)
    await keepPending(records, 's', { v: 2, flow: { ...flow, epoch: 1 } })
    await expect(take()).rejects.toThrow(belongsToNobody)
    party.epoch = 1
    expect((await take())?.flow.epoch).toBe(1)
  })

  const spoils: [string, object | null][] = [
    ['issuer', { issuer: 1 }],
    ['client', { client: undefined }],
    ['scheme', { scheme: null }],
    ['method', { place: { url: 'https://photos.example/' } }],
    ['url', { place: { method: 'GET' } }],
    ['place', { place: undefined }],
    ['a URL that is no place', { place: { method: 'GET', url: 'https://u:p@photos.example/#x' } }],
    ['id', { id: '7' }],
    ['epoch', { epoch: null }],
    ['rounds', { rounds: undefined }],
    ['polls', { polls: '0' }],
    ['recoveries', { recoveries: {} }],
    ['deadline', { deadline: null }],
    ['requiredClaims', { requiredClaims: {} }],
    ['without', { without: 'rpt' }],
    ['claimsSent', { claimsSent: undefined }],
    ['state', { state: undefined }],
    ['limits', { limits: 5 }],
    ['version', { v: 1 }],
  ]
  it.each(spoils)('is not taken with a wrong %s', async (_name, spoil) => {
    const { flow, records, take } = waiting()
    records.held.set(pendingKey('s'), JSON.stringify({ v: 2, flow: { ...flow, ...spoil } }))
    expect(await take()).toBeUndefined()
  })

  it.each(['', 'null', '[]', '{"v":2}', '{"v":2,"flow":2}', '{"v":2,"flow":null}'])('is not %s', async (text) => {
    const { records, take } = waiting()
    records.held.set(pendingKey('s'), text)
    expect(await take()).toBeUndefined()
  })

  it('is not taken from a record of another version', async () => {
    const { flow, records, take } = waiting()
    records.held.set(pendingKey('s'), JSON.stringify({ v: 1, flow }))
    expect(await take()).toBeUndefined()
  })
})
