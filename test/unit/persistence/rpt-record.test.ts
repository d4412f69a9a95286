/** R8, S5: a stored text is read exactly. A bad part is left out, and a text that is no record is nothing. */
import { describe, expect, test } from 'vitest'
import { epochOf } from '../../../src/parties/epoch.ts'
import { readPlaces, writePlaces } from '../../../src/persistence/records/places-record.ts'
import { readRptRecord } from '../../../src/persistence/records/rpt-record.ts'
import { readSnapshot } from '../../../src/persistence/records/snapshot.ts'
import { readStamp, writeStamp } from '../../../src/persistence/records/stamp.ts'

const host = 'https://photos.example.com'

/** The milliseconds of processor time that a task takes. */
function cpuTime(task: () => void): number {
  const from = process.cpuUsage()
  task()
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1000
}

describe('an RPT', () => {
  const good = {
    v: 3,
    id: 'x1',
    revision: 2,
    grant: { token: 'abc', type: 'bearer', expiresAt: 5, refreshToken: 'r' },
    recent: [['GET', '/alice/1.jpg']],
  }
  const { v: _v, ...record } = good
  const read = (value: unknown) => readRptRecord(typeof value === 'string' ? value : JSON.stringify(value), 'x1', host)

  test('is read as it was written; unknown members are not taken over', () => {
    expect(read(good)).toEqual(record)
    expect(read({ ...good, more: 1, grant: { ...good.grant, more: 1 } })).toEqual(record)
  })

  test.each<[string, unknown]>([
    ['nothing', ''],
    ['no JSON', '{"v":3,'],
    ['a number', '1'],
    ['null', 'null'],
    ['a list', '[]'],
    ['deep', '['.repeat(100_000)],
    ['version 2', { ...good, v: 2 }],
    ['version 4', { ...good, v: 4 }],
    ['no version', { ...good, v: undefined }],
    ['the version as text', { ...good, v: '3' }],
    ['another id', { ...good, id: 'x2' }],
    ['no id', { ...good, id: undefined }],
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
  ])('is none: %s', (_name, value) => {
    expect(read(value)).toBeUndefined()
  })

  test.each<[string, unknown]>([
    ['none', undefined],
    ['a string', 'GET'],
    ['a number', 7],
  ])('its recent places are %s', (_name, recent) => {
    expect(read({ ...good, recent })).toEqual({ ...record, recent: [] })
  })
})

describe('places', () => {
  const rpt = { id: 'x1', revision: 2, opened: [], insufficient: [] }
  const read = (value: unknown, maxEntries = 1000) =>
    readPlaces(typeof value === 'string' ? value : JSON.stringify(value), host, maxEntries)

  test('are read as they were written, those of the newest RPT first', () => {
    const places = [
      { ...rpt, opened: [['GET', '/alice/1.jpg']] as [string, string][] },
      { ...rpt, id: 'x2', insufficient: [['PUT', '/a b?c=d#hash'.replace(' ', '%20')]] as [string, string][] },
    ]
    expect(read(writePlaces(places))).toEqual(places.toReversed())
  })

  test.each(['', '{', '1', 'null', '[]', '{"v":2,"rpts":[]}', '{"v":3}', '{"v":3,"rpts":{}}', '['.repeat(100_000)])(
    'are lost: %.20s',
    (text) => {
      expect(read(text)).toEqual([])
    },
  )

  test.each<[string, unknown]>([
    ['null', null],
    ['a number', 1],
    ['an object', {}],
    ['no id', [undefined, 0, [], []]],
    ['no revision', ['x', undefined, [], []]],
    ['no places', ['x', 0]],
    ['places are a string', ['x', 0, 'GET', []]],
    ['shortfalls are null', ['x', 0, [], null]],
  ])('a bad RPT is left out, and its neighbours stay: %s', (_name, bad) => {
    const found = read({ v: 3, rpts: [['before', 0, [], []], bad, ['after', 0, [], []]] })
    expect(found.map(({ id }) => id)).toEqual(['after', 'before'])
  })

  test.each<[string, unknown]>([
    ['null', null],
    ['a string', 'GET /x'],
    ['no path', ['GET']],
    ['three parts', ['GET', '/x', 1]],
    ['the path in a list', ['GET', ['/x']]],
    ['a number as method', [1, '/x']],
    ['a method in lower case', ['get', '/x']],
    ['a method with a space', ['GET X', '/x']],
    ['no slash', ['GET', 'x']],
    ['another origin', ['GET', 'https://evil.example.com/x']],
    ['a host that goes on', ['GET', '.evil.example.com/x']],
    ['userinfo', ['GET', '@evil.example.com/x']],
    ['a port', ['GET', ':8443/x']],
    ['a path that is not normalised', ['GET', '/a/../x']],
    ['a dot segment', ['GET', '/a/./x']],
    ['an encoded dot segment', ['GET', '/a/%2e%2e/x']],
    ['a space', ['GET', '/a b']],
    ['a backslash', ['GET', '/a\\b']],
  ])('a bad place is left out, and its neighbours stay: %s', (_name, bad) => {
    const places = [
      ['GET', '/1'],
      ['PUT', '/2?q=%20#hash'],
    ]
    const around = [places[0], bad, places[1]]
    expect(read({ v: 3, rpts: [['x', 0, around, around]] })).toEqual([
      { id: 'x', revision: 0, opened: places, insufficient: places },
    ])
  })

  test('at most `maxEntries` RPTs and places are taken, those of the newest RPTs', () => {
    const list = (length: number) => Array.from({ length }, (_, n) => ['GET', `/${n}`])
    const rpts = Array.from({ length: 20 }, (_, n) => [`${n}`, 0, list(4), list(300)])
    const found = read({ v: 3, rpts }, 10)
    expect(found.map(({ id }) => id)).toEqual(['19', '18', '17', '16', '15', '14', '13', '12', '11', '10'])
    expect(found.map(({ opened }) => opened.length)).toEqual([4, 4, 2, 0, 0, 0, 0, 0, 0, 0])
    expect(found.every(({ insufficient }) => insufficient.length === 200)).toBe(true)
  })

  test('100,000 places are read in linear time', () => {
    const opened = Array.from({ length: 100_000 }, (_, n) => ['GET', `/a/${n}?b`])
    const hostile = `/${'a/'.repeat(50_000)}%`
    expect(
      cpuTime(() => {
        expect(read({ v: 3, rpts: [['x', 0, opened, []]] }, 100_000)[0]?.opened).toHaveLength(100_000)
        read({ v: 3, rpts: [['x', 0, [['GET', hostile]], []]] })
      }),
    ).toBeLessThan(3_000)
  })
})

describe('a stamp', () => {
  const stamp = { epoch: 4, never: true, places: 'm1', rpts: [{ id: 'x-1', mark: 'a1' }] }
  const good = { v: 3, epoch: 0, never: false, places: '', rpts: ['x1 a'] }
  const read = (value: unknown, maxEntries = 1000) =>
    readStamp(typeof value === 'string' ? value : JSON.stringify(value), maxEntries)

  test('is read as it was written', () => {
    expect(read(writeStamp(stamp))).toEqual(stamp)
  })

  test.each<[string, unknown]>([
    ['nothing', ''],
    ['no JSON', '{"v":3,'],
    ['a number', '1'],
    ['null', 'null'],
    ['a list', '[]'],
    ['deep', '['.repeat(100_000)],
    ['version 1', { ...good, v: 1, epoch: '0' }],
    ['version 2', { ...good, v: 2 }],
    ['version 4', { ...good, v: 4 }],
    ['no version', { ...good, v: undefined }],
    ['the version as text', { ...good, v: '3' }],
    ['the epoch as text', { ...good, epoch: '0' }],
    ['a negative epoch', { ...good, epoch: -1 }],
    ['a fraction as epoch', { ...good, epoch: 0.5 }],
    ['never as a number', { ...good, never: 0 }],
    ['no mark of places', { ...good, places: undefined }],
    ['a long mark of places', { ...good, places: 'x'.repeat(17) }],
    ['no rpts', { ...good, rpts: undefined }],
    ['rpts is no list', { ...good, rpts: { 0: 'x1 a', length: 1 } }],
  ])('is none: %s', (_name, value) => {
    expect(read(value)).toBeUndefined()
  })

  test.each<[string, unknown]>([
    ['null', null],
    ['a pair', ['x1', 'a']],
    ['no mark', 'x1'],
    ['an empty mark', 'x1 '],
    ['three parts', 'x1 a b'],
    ['an id with a slash', 'x/1 a'],
    ['a long id', `${'x'.repeat(65)} a`],
    ['a line break', 'x1\n a'],
  ])('a bad entry is left out: %s', (_name, bad) => {
    const ids = read({ ...good, rpts: ['b1 a', bad, 'b2 a'] })?.rpts.map(({ id }) => id)
    expect(ids).toEqual(['b1', 'b2'])
  })

  test('50,000 entries are read in linear time, and the newest `maxEntries` are taken', () => {
    const rpts = Array.from({ length: 50_000 }, (_, n) => `x${n} a`)
    expect(
      cpuTime(() => {
        const taken = read({ ...good, rpts })?.rpts
        expect([taken?.length, taken?.at(-1)?.id]).toEqual([1000, 'x49999'])
      }),
    ).toBeLessThan(1_500)
  })
})

test('a snapshot of 50,000 copies is read in linear time', () => {
  const copy = { revision: 0, grant: { token: 'abc', type: 'bearer' }, recent: [] }
  const rpts = Array.from({ length: 50_000 }, (_, n) => ['a', { ...copy, id: `x${n}` }])
  const text = JSON.stringify({ v: 3, rpts })
  expect(cpuTime(() => expect(readSnapshot(text, host, 1000).size).toBe(1000))).toBeLessThan(1_500)
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
