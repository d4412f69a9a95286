import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { joinRecordChannel, type RecordListener } from '../../../src/persistence/record-channel.ts'

/** A channel that counts what is open. */
class CountedChannel extends BroadcastChannel {
  static open = 0
  constructor(name: string) {
    super(name)
    CountedChannel.open += 1
  }
  override close(): void {
    CountedChannel.open -= 1
    super.close()
  }
}

beforeEach(() => {
  vi.stubGlobal('document', {})
  vi.stubGlobal('BroadcastChannel', CountedChannel)
})
afterEach(() => void vi.unstubAllGlobals())

test('there is no channel outside a page, nor without BroadcastChannel', () => {
  vi.stubGlobal('document', undefined)
  expect(joinRecordChannel()).toBeUndefined()
  vi.stubGlobal('document', {})
  vi.stubGlobal('BroadcastChannel', undefined)
  expect(joinRecordChannel()).toBeUndefined()
  expect(CountedChannel.open).toBe(0)
})

describe('in a page', () => {
  /** A requester of the page, and the keys that it has heard of. */
  function joined() {
    const heard: string[] = []
    const channel = joinRecordChannel()
    const listener: RecordListener = { hear: (key) => void heard.push(key) }
    channel?.listen(listener)
    return { heard, channel, listener }
  }

  test('one channel for all requesters; it does not keep a process alive', () => {
    const unref = vi.spyOn(BroadcastChannel.prototype as never as { unref(): void }, 'unref')
    const all = [joined(), joined(), joined()]
    expect([CountedChannel.open, unref.mock.calls.length]).toEqual([1, 1])
    for (const { channel } of all) channel?.close()
    expect(CountedChannel.open).toBe(0)
  })

  test('it is closed when the last requester leaves, and opened again for the next one', () => {
    const [one, two] = [joined(), joined()]
    one.channel?.close()
    expect(CountedChannel.open).toBe(1)
    two.channel?.close()
    two.channel?.close()
    expect(CountedChannel.open).toBe(0)
    const three = joined()
    expect(CountedChannel.open).toBe(1)
    three.channel?.close()
  })

  test('a change reaches the other tabs and the other requesters of the page, and not the one that made it', async () => {
    const [one, two] = [joined(), joined()]
    const other = new BroadcastChannel('uma-requester')
    const told = new Promise((resolve) => other.addEventListener('message', ({ data }) => resolve(data)))
    other.postMessage({ not: 'text' })
    other.postMessage('uma:x')
    await vi.waitFor(() => expect([one.heard, two.heard]).toEqual([['uma:x'], ['uma:x']]))
    one.channel?.post('uma:y')
    expect(await told).toBe('uma:y')
    expect([one.heard, two.heard]).toEqual([['uma:x'], ['uma:x', 'uma:y']])
    other.close()
    for (const { channel } of [one, two]) channel?.close()
  })

  test('a requester that has left hears nothing', () => {
    const [one, two] = [joined(), joined()]
    two.channel?.close()
    one.channel?.post('uma:z')
    expect(two.heard).toEqual([])
    one.channel?.close()
  })

  test('a requester that was garbage-collected does not keep the channel open', async () => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const stay = joined()
    const forget = () => {
      for (let n = 0; n < 3; n++) joined()
    }
    forget()
    stay.channel?.close()
    expect(CountedChannel.open).toBe(1)
    await vi.waitFor(
      () => {
        collect()
        expect(CountedChannel.open).toBe(0)
      },
      { timeout: 10_000 },
    )
  })
})
