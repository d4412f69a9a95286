/** Copies of a caller's headers and bodies. */
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { captureBody, captureHeaders, copiedView, formOf } from '../../../src/request/capture.ts'

describe('captureHeaders', () => {
  test('a plain object stays one', () => {
    const headers: Record<string, string> = { Accept: 'a' }
    const copy = captureHeaders(headers)
    headers.Accept = 'b'
    expect(copy).toEqual({ Accept: 'a' })
    expect(copy).not.toBeInstanceOf(Headers)
  })

  test('Headers and pairs', () => {
    const headers = new Headers({ accept: 'a' })
    const pairs: [string, string][] = [['accept', 'a']]
    const copies = [captureHeaders(headers), captureHeaders(pairs)]
    headers.set('accept', 'b')
    pairs.length = 0
    for (const copy of copies) expect(Object.fromEntries(copy as Headers)).toEqual({ accept: 'a' })
  })

  test('no headers', () => expect(captureHeaders(undefined)).toBeUndefined())
})

describe('captureBody', () => {
  test.each([undefined, null, '', 'text', new Blob(['x']), new ReadableStream()])('%s stays as it is', (body) => {
    expect(captureBody(body)).toBe(body)
  })

  test('the bytes that a view shows, and no others', () => {
    const bytes = Uint8Array.from([0, 1, 2, 3, 4, 5])
    const copy = captureBody<ArrayBufferView>(bytes.subarray(2, 4)) as Uint8Array
    bytes.fill(9)
    expect([...copy]).toEqual([2, 3])
    expect(copy.buffer.byteLength).toBe(2)
  })

  test.each([
    ['Uint16Array', (buffer: ArrayBuffer) => new Uint16Array(buffer, 8)],
    ['Float64Array', (buffer: ArrayBuffer) => new Float64Array(buffer, 8)],
    ['DataView', (buffer: ArrayBuffer) => new DataView(buffer, 8)],
  ])('%s', (_name, makeView) => {
    const buffer = Uint8Array.from({ length: 16 }, (_, i) => i).buffer
    const copy = captureBody<ArrayBufferView>(makeView(buffer)) as Uint8Array
    new Uint8Array(buffer).fill(0)
    expect([...copy]).toEqual([8, 9, 10, 11, 12, 13, 14, 15])
  })

  test('an ArrayBuffer', () => {
    const buffer = Uint8Array.from([1, 2]).buffer
    const copy = captureBody(buffer)
    structuredClone(buffer, { transfer: [buffer] })
    expect([buffer.byteLength, ...new Uint8Array(copy)]).toEqual([0, 1, 2])
  })

  test('a buffer that was transferred already cannot be copied', () => {
    const buffer = new ArrayBuffer(2)
    structuredClone(buffer, { transfer: [buffer] })
    expect(() => captureBody(buffer)).toThrow(TypeError)
  })

  test('FormData: order, repeated names and file names', () => {
    const form = new FormData()
    form.append('a', '1')
    form.append('b', new Blob(['x'], { type: 'text/plain' }), 'x.txt')
    form.append('a', '2')
    const copy = captureBody(form)
    form.set('a', '3')
    expect(
      [...copy].map(([name, value]) => [name, typeof value === 'string' ? value : [value.name, value.type]]),
    ).toEqual([
      ['a', '1'],
      ['b', ['x.txt', 'text/plain']],
      ['a', '2'],
    ])
  })
})

test('FormData that does not list its entries, as in React Native, stays as it is', () => {
  class ReactNativeFormData {}
  vi.stubGlobal('FormData', ReactNativeFormData)
  onTestFinished(() => void vi.unstubAllGlobals())
  const form = new ReactNativeFormData()
  expect(captureBody(form)).toBe(form)
})

describe('copiedView', () => {
  test('the same view of a copy of the whole buffer', () => {
    const source = Uint16Array.from([1, 2, 3, 4])
    const copy = copiedView(source.subarray(1, 3)) as Uint16Array
    source.fill(0)
    expect(copy).toBeInstanceOf(Uint16Array)
    expect([[...copy], [...new Uint16Array(copy.buffer)]]).toEqual([
      [2, 3],
      [1, 2, 3, 4],
    ])
  })

  test('a DataView', () => {
    const copy = copiedView(new DataView(Uint8Array.from([1, 2, 3]).buffer, 1)) as DataView
    expect([copy.byteLength, copy.getUint8(0)]).toEqual([2, 2])
  })

  test('a Buffer stays a Buffer and is copied without the pool that it lies in', () => {
    const source = Buffer.from('pooled')
    const copy = copiedView(source) as Buffer
    source.fill('x')
    expect([Buffer.isBuffer(copy), copy.toString(), copy.buffer.byteLength]).toEqual([true, 'pooled', 6])
  })
})

describe('formOf', () => {
  const never = (): never => {
    throw new Error('the content type was asked for')
  }

  test('URLSearchParams: a copy', () => {
    const body = new URLSearchParams({ a: '1' })
    const form = formOf(body, never)
    form?.append('b', '2')
    expect([form?.toString(), body.toString()]).toEqual(['a=1&b=2', 'a=1'])
  })

  test.each([
    ['application/x-www-form-urlencoded', true],
    ['Application/X-WWW-Form-URLencoded; charset=UTF-8', true],
    ['application/x-www-form-urlencoded-not', false],
    ['text/plain', false],
    [null, false],
    [undefined, false],
  ])('a text of type %s', (type, isForm) => {
    expect(formOf('a=1', () => type)?.get('a')).toBe(isForm ? '1' : undefined)
  })

  test.each([undefined, new Blob(['a=1']), new Uint8Array([97])])('%s is no form', (body) => {
    expect(formOf(body, never)).toBeUndefined()
  })
})
