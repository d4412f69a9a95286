/** A body is read up to a number of bytes. */
import { expect, test } from 'vitest'
import { cappedText } from '../../../src/protocol/http/capped-text.ts'

const chunks = (parts: string[], onCancel = () => {}): Response => {
  const encoder = new TextEncoder()
  const rest = parts.map((part) => encoder.encode(part))
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = rest.shift()
      if (next) controller.enqueue(next)
      else controller.close()
    },
    cancel: onCancel,
  })
  return new Response(stream)
}

test.each([
  [['abc'], 3, 'abc'],
  [['ab', 'cd'], 4, 'abcd'],
  [['ab', 'cd'], 3, ''],
  [['€'], 3, '€'],
  [['€'], 2, ''],
  [[], 0, ''],
])('%j within %i bytes: %j', async (parts, cap, text) => {
  expect(await cappedText(chunks(parts), cap)).toBe(text)
})

test('a character that two chunks share is one character', async () => {
  const [first, ...rest] = new TextEncoder().encode('€')
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(Uint8Array.of(first as number))
      controller.enqueue(Uint8Array.from(rest))
      controller.close()
    },
  })
  expect(await cappedText(new Response(stream), 10)).toBe('€')
})

test('no body', async () => {
  expect(await cappedText(new Response(null), 10)).toBe('')
})

test('a body that is too long is cancelled', async () => {
  let cancelled = false
  const response = chunks(['abcdef', 'ghi'], () => {
    cancelled = true
  })
  expect(await cappedText(response, 5)).toBe('')
  expect(cancelled).toBe(true)
})
