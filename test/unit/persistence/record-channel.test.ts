import { afterEach, expect, test, vi } from 'vitest'
import { openRecordChannel } from '../../../src/persistence/record-channel.ts'

afterEach(() => void vi.unstubAllGlobals())

test('there is no channel outside a page, nor without BroadcastChannel', () => {
  const made = vi.fn()
  vi.stubGlobal('BroadcastChannel', made)
  expect(openRecordChannel()).toBeUndefined()
  vi.stubGlobal('document', {})
  vi.stubGlobal('BroadcastChannel', undefined)
  expect(openRecordChannel()).toBeUndefined()
  expect(made).not.toHaveBeenCalled()
})

test('a page has one: it tells all listeners, takes texts only, and does not keep a process alive', async () => {
  const unref = vi.spyOn(BroadcastChannel.prototype as never as { unref(): void }, 'unref')
  vi.stubGlobal('document', {})
  const channel = openRecordChannel()
  expect(unref).toHaveBeenCalledTimes(1)
  const heard: string[] = []
  channel?.listen((key) => heard.push(`one ${key}`))
  channel?.listen((key) => heard.push(`two ${key}`))
  const other = new BroadcastChannel('uma-requester')
  const told = new Promise((resolve) => other.addEventListener('message', ({ data }) => resolve(data)))
  other.postMessage({ not: 'text' })
  other.postMessage('uma:x')
  channel?.post('uma:y')
  expect(await told).toBe('uma:y')
  await vi.waitFor(() => expect(heard).toEqual(['one uma:x', 'two uma:x']))
  other.close()
})
