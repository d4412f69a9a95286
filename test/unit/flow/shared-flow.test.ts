import { describe, expect, it } from 'vitest'
import type { FlowDirective } from '../../../src/flow/inputs.ts'
import { SharedFlow } from '../../../src/flow/shared-flow.ts'
import { participant } from './run-kit.ts'

const resend: FlowDirective = { kind: 'resend', reason: 'fresh-ticket', report: true }
const done: FlowDirective = { kind: 'done' }

function sharedBy(count: number) {
  const emptied: string[] = []
  const shared = new SharedFlow(() => emptied.push('empty'))
  const participants = Array.from({ length: count }, () => participant())
  const waiting = participants.map((one) => shared.join(one))
  return { shared, participants, waiting, emptied }
}

describe('a shared flow', () => {
  it('is led by the first participant', () => {
    expect(new SharedFlow(() => {}).leader).toBeUndefined()
    const { shared, participants } = sharedBy(2)
    expect(shared.leader).toBe(participants[0])
    expect(shared.signal.aborted).toBe(false)
  })

  it('directs the leader alone, and takes its report', async () => {
    const { shared, participants, waiting } = sharedBy(2)
    const report = shared.direct(resend)
    expect(await waiting[0]).toBe(resend)
    const next = shared.report(participants[0] as never, { kind: 'challenged' })
    expect(await report).toEqual({ kind: 'challenged' })
    shared.end(done)
    expect(await Promise.all([next, waiting[1]])).toEqual([done, done])
    expect(shared.leader).toBeUndefined()
  })

  it('loses a direction if nobody is there', async () => {
    expect(await new SharedFlow(() => {}).direct(resend)).toEqual({ kind: 'lost', next: false })
  })

  it('hands over to the next participant if the leader leaves while it sends', async () => {
    const { shared, participants, emptied } = sharedBy(2)
    const report = shared.direct(resend)
    shared.leave(participants[0] as never, new Error('gone'))
    expect(await report).toEqual({ kind: 'lost', next: true })
    expect(shared.leader).toBe(participants[1])
    expect([emptied, shared.signal.aborted]).toEqual([[], false])
  })

  it('ends its work if the last participant leaves', async () => {
    const { shared, participants, emptied } = sharedBy(1)
    const report = shared.direct(resend)
    const reason = new Error('gone')
    shared.leave(participants[0] as never, reason)
    expect(await report).toEqual({ kind: 'lost', next: false })
    expect(emptied).toEqual(['empty'])
    expect(shared.signal.reason).toBe(reason)
    shared.leave(participants[0] as never, reason)
    expect(emptied).toEqual(['empty'])
  })

  it('keeps the report of the leader if another participant leaves', async () => {
    const { shared, participants } = sharedBy(2)
    const report = shared.direct(resend)
    shared.leave(participants[1] as never, new Error('gone'))
    shared.leave(participant(), new Error('a stranger'))
    expect(shared.leader).toBe(participants[0])
    void shared.report(participants[0] as never, { kind: 'settled' })
    expect(await report).toEqual({ kind: 'settled' })
  })

  it('lets a participant leave whose signal aborts', async () => {
    const { shared, participants } = sharedBy(1)
    const controller = new AbortController()
    const waiting = shared.join(participant({ signal: controller.signal }))
    const reason = new Error('aborted')
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect(shared.leader).toBe(participants[0])
    expect(shared.signal.aborted).toBe(false)
  })

  it('dismisses a leader that cannot send', async () => {
    const { shared, participants, waiting } = sharedBy(2)
    const error = new Error('no body')
    expect(shared.dismissLeader(error)).toEqual({ kind: 'lost', next: true })
    await expect(waiting[0]).rejects.toBe(error)
    expect(shared.leader).toBe(participants[1])
    expect(shared.dismissLeader(error)).toEqual({ kind: 'lost', next: false })
    await expect(waiting[1]).rejects.toBe(error)
  })

  it('fails for all participants, and for a leader that is away', async () => {
    const { shared, participants, waiting } = sharedBy(2)
    void shared.direct(resend)
    expect(await waiting[0]).toBe(resend)
    const error = new Error('failed')
    shared.fail(error)
    await expect(waiting[1]).rejects.toBe(error)
    await expect(shared.report(participants[0] as never, { kind: 'settled' })).rejects.toBe(error)
  })

  it('tells a late leader that the flow is over', async () => {
    const { shared, participants } = sharedBy(1)
    shared.end(done)
    expect(await shared.report(participants[0] as never, { kind: 'challenged' })).toEqual(done)
  })

  it('can be given up', () => {
    const { shared } = sharedBy(1)
    const reason = new Error('time is up')
    shared.giveUp(reason)
    expect(shared.signal.reason).toBe(reason)
  })
})
