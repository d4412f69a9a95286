import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { maxDelay, within } from '../../../src/async/timers.ts'

describe('within', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const never = (): Promise<string> => new Promise(() => {})
  const fail = (): never => {
    throw new Error('late')
  }

  test('gives the outcome of a task that ends in time, and leaves no timer', async () => {
    expect(await within(100, () => 'done', fail)).toBe('done')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('passes on the error of a task that fails at once or later, and leaves no timer', async () => {
    await expect(within(100, fail, () => 'late')).rejects.toThrow('late')
    await expect(within(100, () => Promise.reject(new Error('failed')), fail)).rejects.toThrow('failed')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('gives the other outcome after the time, and not before', async () => {
    const outcome = vi.fn()
    void within(100, never, () => 'late').then(outcome)
    await vi.advanceTimersByTimeAsync(99)
    expect(outcome).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(outcome).toHaveBeenCalledExactlyOnceWith('late')
  })

  test('rejects if the other outcome is an error', async () => {
    const outcome = expect(within(100, never, fail)).rejects.toThrow('late')
    await vi.advanceTimersByTimeAsync(100)
    await outcome
  })

  test('waits as long as a timer can if the time is longer', async () => {
    const outcome = vi.fn()
    void within(Number.POSITIVE_INFINITY, never, () => 'late').then(outcome)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(outcome).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(maxDelay)
    expect(outcome).toHaveBeenCalledOnce()
  })
})
