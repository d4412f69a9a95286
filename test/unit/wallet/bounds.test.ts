/** The wallet is bounded: the least recently used RPTs and places go first. */
import { describe, expect, test } from 'vitest'
import { createHeldRpts } from '../../../src/wallet/held-rpts.ts'
import { targetOf } from '../../../src/wallet/place.ts'
import { createWallet } from '../../../src/wallet/wallet.ts'
import { authority, host, obtain, open, place, placesIn } from './kit.ts'

const photo = (n: number): string => `/alice/${n}.jpg`
const target = (n: number): string => `${host}${photo(n)}`

describe('maxEntries', () => {
  test('RPTs: never more than that, and an RPT that was used lately stays', () => {
    const wallet = createWallet(100)
    for (let n = 0; n < 100; n++) open(wallet, `rpt-${n}`, photo(n))
    for (let n = 100; n < 1000; n++) {
      expect(wallet.at('GET', target(0))?.grant.token).toBe('rpt-0')
      open(wallet, `rpt-${n}`, photo(n))
      expect(wallet.all().length).toBeLessThanOrEqual(100)
    }
    expect(wallet.at('GET', target(999))?.grant.token).toBe('rpt-999')
    expect(wallet.at('GET', target(1))).toBeUndefined()
  })

  test('places of one RPT: a place that went is still found by its folder', () => {
    const wallet = createWallet(100)
    const rpt = open(wallet, 'rpt-0', photo(0))
    for (let n = 1; n < 1000; n++) wallet.opened(rpt, place('GET', photo(n)))
    const places = placesIn(wallet)['rpt-0'] ?? []
    expect(places.length).toBeGreaterThanOrEqual(90)
    expect(places.length).toBeLessThanOrEqual(100)
    expect(wallet.at('GET', target(5))).toBeUndefined()
    expect(wallet.nearest(place('GET', photo(5)), authority)).toBe(rpt)
    expect(wallet.at('GET', target(999))).toBe(rpt)
  })

  test('an RPT that went is not found by any place, folder or id', () => {
    const wallet = createWallet(10)
    const first = open(wallet, 'rpt-0', photo(0))
    for (let n = 1; n < 30; n++) open(wallet, `rpt-${n}`, photo(n))
    expect(first.held).toBe(false)
    expect(wallet.byId(first.id)).toBeUndefined()
    expect(wallet.nearest(place('GET', photo(0)), authority)).not.toBe(first)
    expect(wallet.opened(first, place('GET', photo(0)))).toBe(false)
    expect(wallet.at('GET', target(0))).toBeUndefined()
  })
})

test('R7: a host whose last RPT was dropped is removed', () => {
  const held = createHeldRpts()
  const rpt = obtain(createWallet(), 'a')
  held.add(rpt)
  expect([...held.of(host)]).toEqual([rpt])
  held.remove(rpt)
  // An empty set would be a host that stays for ever.
  expect(held.of(host)).toEqual([])
})

test('R9: dropping, refusing and opening with an RPT of a forgotten wallet does nothing and throws nothing', () => {
  const wallet = createWallet()
  const rpt = open(wallet, 'a', photo(1))
  wallet.drop(rpt)
  wallet.drop(rpt)
  wallet.refused(rpt, place('GET', photo(1)))
  wallet.forgetPlace(rpt, place('GET', photo(1)))
  wallet.renew(rpt, { token: 'b', type: 'bearer' }, undefined)
  expect(wallet.opened(rpt, place('GET', photo(1)))).toBe(false)
  expect(wallet.all()).toEqual([])
  expect(wallet.at('GET', target(1))).toBeUndefined()
  const other = createWallet()
  other.drop({ ...rpt, held: true })
  expect(other.all()).toEqual([])
})

describe('R11: long paths', () => {
  test('a path of 16,000 slashes is opened and looked for at once', () => {
    const wallet = createWallet()
    const deep = place('GET', '/'.repeat(16_000))
    const rpt = obtain(wallet, 'a')
    const from = process.cpuUsage()
    for (let n = 0; n < 20; n++) {
      wallet.opened(rpt, { ...deep, url: `${deep.url}${n}` })
      wallet.nearest({ ...deep, url: `${deep.url}x${n}` }, authority)
      wallet.nearest({ ...deep, method: 'HEAD', url: `${deep.url}y${n}` }, undefined)
    }
    const { user, system } = process.cpuUsage(from)
    // Version 1 took 0.2 s for each of these.
    expect((user + system) / 1000).toBeLessThan(1_000)
  })

  test('the path and the 31 nearest folders are known, and no folder above', () => {
    const wallet = createWallet()
    const folder = (depth: number): string => `/${'a/'.repeat(depth)}`
    const rpt = open(wallet, 'a', `${folder(100)}1.jpg`)
    // The path itself is one of the 32, so 31 folders are known: depths 70 to 100.
    expect(wallet.nearest(place('GET', `${folder(70)}b`), undefined)).toBe(rpt)
    expect(wallet.nearest(place('GET', `${folder(69)}b`), undefined)).toBeUndefined()
    expect(wallet.nearest(place('GET', `${folder(100)}${'c/'.repeat(30)}2.jpg`), undefined)).toBe(rpt)
    expect(wallet.nearest(place('GET', `${folder(100)}${'c/'.repeat(31)}2.jpg`), undefined)).toBeUndefined()
  })

  test('1,000 places 4,000 folders deep take a few bytes for each character', () => {
    const wallet = createWallet()
    const rpt = obtain(wallet, 'a')
    const before = process.memoryUsage().heapUsed
    for (let n = 0; n < 1_000; n++) wallet.opened(rpt, place('GET', `/${n}${'/a'.repeat(4_000)}`))
    const grown = process.memoryUsage().heapUsed - before
    expect(wallet.at('GET', targetOf(place('GET', `/999${'/a'.repeat(4_000)}`)))).toBe(rpt)
    // 8 MB of URLs, and what was not collected yet. One copy for each folder would take 250 MB, version 1 took 500 MB.
    expect(grown).toBeLessThan(120e6)
  })
})
