/** R8, S5: a record is read exactly. A bad RPT or a bad place is left out, and a text that is no record is nothing. */
import { describe, expect, test } from 'vitest'
import { epochOf } from '../../../src/parties/epoch.ts'
import { readRptRecord, writeRptRecord } from '../../../src/persistence/rpt-record.ts'

const host = 'https://photos.example.com'
const good = {
  id: 'x1',
  revision: 2,
  grant: { token: 'abc', type: 'bearer', expiresAt: 5, refreshToken: 'r' },
  places: [['GET', `${host}/alice/1.jpg`]],
  insufficient: [`GET ${host}/alice/2.jpg`],
}
const record = { v: 2, epoch: 0, never: false, rpts: [good] }
const read = (value: unknown, maxEntries = 1000): ReturnType<typeof readRptRecord> =>
  readRptRecord(typeof value === 'string' ? value : JSON.stringify(value), host, maxEntries)

test('a written record is read as it was', () => {
  const { rpts } = read(record) ?? {}
  expect(rpts).toEqual([good])
  expect(read(writeRptRecord({ epoch: 4, never: true, rpts: rpts ?? [] }))).toEqual({
    epoch: 4,
    never: true,
    rpts: [good],
  })
})

test.each<[string, unknown]>([
  ['nothing', ''],
  ['no JSON', '{"v":2,'],
  ['a number', '1'],
  ['null', 'null'],
  ['a list', '[]'],
  ['deep', '['.repeat(100_000)],
  ['version 1', { ...record, v: 1, epoch: '0' }],
  ['version 3', { ...record, v: 3 }],
  ['no version', { ...record, v: undefined }],
  ['the version as text', { ...record, v: '2' }],
  ['the epoch as text', { ...record, epoch: '0' }],
  ['a negative epoch', { ...record, epoch: -1 }],
  ['a fraction as epoch', { ...record, epoch: 0.5 }],
  ['never as a number', { ...record, never: 0 }],
  ['no rpts', { ...record, rpts: undefined }],
  ['rpts is no list', { ...record, rpts: { 0: good, length: 1 } }],
])('no record: %s', (_name, value) => {
  expect(read(value)).toBeUndefined()
})

test.each<[string, unknown]>([
  ['null', null],
  ['a number', 1],
  ['a string', 'x'],
  ['a list', []],
  ['no id', { ...good, id: undefined }],
  ['an empty id', { ...good, id: '' }],
  ['id is an object', { ...good, id: {} }],
  ['no revision', { ...good, revision: undefined }],
  ['revision as text', { ...good, revision: '1' }],
  ['a negative revision', { ...good, revision: -1 }],
  ['no grant', { ...good, grant: undefined }],
  ['grant is null', { ...good, grant: null }],
  ['grant is a string', { ...good, grant: 'token' }],
  ['no token', { ...good, grant: { type: 'bearer' } }],
  ['an empty token', { ...good, grant: { ...good.grant, token: '' } }],
  ['a token with a space', { ...good, grant: { ...good.grant, token: 'a b' } }],
  ['a token with a line break', { ...good, grant: { ...good.grant, token: 'a\nb' } }],
  ['a token beyond ASCII', { ...good, grant: { ...good.grant, token: 'a\u0100' } }],
  ['type is null', { ...good, grant: { ...good.grant, type: null } }],
  ['expiresAt as text', { ...good, grant: { ...good.grant, expiresAt: '5' } }],
  ['expiresAt is null, as JSON writes NaN', { ...good, grant: { ...good.grant, expiresAt: Number.NaN } }],
  ['the refresh token is an object', { ...good, grant: { ...good.grant, refreshToken: {} } }],
  ['no places', { ...good, places: undefined }],
  ['places is a string', { ...good, places: 'GET' }],
  ['insufficient is null', { ...good, insufficient: null }],
])('a bad RPT is left out, and its neighbours stay: %s', (_name, bad) => {
  const neighbours = [
    { ...good, id: 'before' },
    { ...good, id: 'after' },
  ]
  const found = read({ ...record, rpts: [neighbours[0], bad, neighbours[1]] })
  expect(found?.rpts).toEqual(neighbours)
})

test.each<[string, unknown]>([
  ['null', null],
  ['a string', `GET ${host}/x`],
  ['no URL', ['GET']],
  ['three parts', ['GET', `${host}/x`, 1]],
  ['the URL in a list', ['GET', [`${host}/x`]]],
  ['a number as method', [1, `${host}/x`]],
  ['a method in lower case', ['get', `${host}/x`]],
  ['a method with a space', ['GET X', `${host}/x`]],
  ['no URL at all', ['GET', '/x']],
  ['another host', ['GET', 'https://evil.example.com/x']],
  ['a host that begins alike', ['GET', `${host}.evil.example.com/x`]],
  ['another port', ['GET', `${host}:8443/x`]],
  ['another scheme', ['GET', 'http://photos.example.com/x']],
  ['userinfo', ['GET', 'https://bob:PASSWORD@photos.example.com/x']],
  ['a user name only', ['GET', 'https://bob@photos.example.com/x']],
  ['a URL that is not normalised', ['GET', `${host}/a/../x`]],
])('a bad place is left out, and its neighbours stay: %s', (_name, bad) => {
  const places = [
    ['GET', `${host}/1`],
    ['PUT', `${host}/2#hash`],
  ]
  const found = read({ ...record, rpts: [{ ...good, places: [places[0], bad, places[1]] }] })
  expect(found?.rpts).toEqual([{ ...good, places }])
})

test.each<[string, unknown]>([
  ['a number', 1],
  ['null', null],
  ['a pair', ['GET', `${host}/x`]],
  ['no method', `${host}/x`],
  ['no target', 'GET'],
  ['another host', 'GET https://evil.example.com/x'],
])('a bad place key is left out: %s', (_name, bad) => {
  const found = read({ ...record, rpts: [{ ...good, insufficient: [bad, ...good.insufficient] }] })
  expect(found?.rpts[0]?.insufficient).toEqual(good.insufficient)
})

test('unknown members are not taken over', () => {
  const found = read({ ...record, rpts: [{ ...good, more: 1, grant: { ...good.grant, more: 1 } }] })
  expect(found?.rpts).toEqual([good])
})

describe('a large record', () => {
  test('the newest RPTs are taken, and at most `maxEntries` places', () => {
    const rpts = Array.from({ length: 20 }, (_, n) => ({
      ...good,
      id: `${n}`,
      places: Array.from({ length: 4 }, (_, m) => ['GET', `${host}/${m}`]),
      insufficient: Array.from({ length: 300 }, (_, m) => `GET ${host}/${m}`),
    }))
    const found = read({ ...record, rpts }, 10)
    expect(found?.rpts.map(({ id }) => id)).toEqual(['10', '11', '12', '13', '14', '15', '16', '17', '18', '19'])
    expect(found?.rpts.map(({ places }) => places.length)).toEqual([0, 0, 0, 0, 0, 0, 0, 2, 4, 4])
    expect(found?.rpts.every(({ insufficient }) => insufficient.length === 200)).toBe(true)
  })

  test('50,000 RPTs are read in linear time', () => {
    const rpts = Array.from({ length: 50_000 }, (_, n) => ({ ...good, id: `${n}` }))
    const text = JSON.stringify({ ...record, rpts })
    const from = process.cpuUsage()
    expect(readRptRecord(text, host, 1000)?.rpts).toHaveLength(1000)
    const { user, system } = process.cpuUsage(from)
    expect((user + system) / 1000).toBeLessThan(1_500)
  })
})

test.each([
  [undefined, 0],
  ['0', 0],
  ['17', 17],
  ['', 0],
  ['-1', 0],
  ['1.5', 0],
  ['1e3', 0],
  ['x', 0],
  ['9'.repeat(400), 0],
])('the epoch of %j is %i', (text, epoch) => {
  expect(epochOf(text)).toBe(epoch)
})
