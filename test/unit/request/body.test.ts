/** Bodies that can be read only once. */
import { Readable } from 'node:stream'
import FormDataPackage from 'form-data'
import { expect, test } from 'vitest'
import { bufferOnce, isOneShot } from '../../../src/request/body.ts'

async function* generate() {
  yield Buffer.from('wh')
  yield Buffer.from('ole')
}

const form = new FormDataPackage()
form.append('a', 'whole')

test.each([
  ['a web stream', new Blob(['x']).stream(), true],
  ['a Node stream', Readable.from(['x']), true],
  ['an async iterable', generate(), true],
  ['npm form-data', form, true],
  ['a text', 'x', false],
  ['bytes', new Uint8Array(1), false],
  ['FormData', new FormData(), false],
  ['a Blob', new Blob(['x']), false],
  ['null', null, false],
  ['nothing', undefined, false],
])('isOneShot: %s', (_what, body, expected) => expect(isOneShot(body)).toBe(expected))

test.each([
  ['a web stream', () => new Blob(['whole']).stream()],
  ['a Node stream', () => Readable.from([Buffer.from('whole')])],
  ['an async iterable', generate],
  ['npm form-data', () => form],
])('bufferOnce: %s', async (_what, make) => {
  const read = bufferOnce(make())
  const [first, second] = await Promise.all([read(), read()])
  expect(second).toBe(first)
  expect(Buffer.from(first).toString()).toContain('whole')
})

test('a stream that fails', async () => {
  const read = bufferOnce(
    new Readable({
      read() {
        this.destroy(new Error('torn'))
      },
    }),
  )
  await expect(read()).rejects.toThrow()
})
