/** The wallet is bounded: the least recently used go first. */
import { describe, expect, test } from 'vitest'
import type { Rpt } from '../../../src/requester/rpt.ts'
import { createWallet, type Wallet } from '../../../src/requester/wallet.ts'

const host = 'https://photos.example.com'
const place = (n: number): string => `${host}/alice/${n}.jpg`

function grant(wallet: Wallet, n: number): Rpt {
  const token = `rpt-${n}`
  const rpt = wallet.store({ token, type: 'bearer' }, { authorization: `Bearer ${token}` }, 'as client', host)
  wallet.opened(rpt, 'GET', place(n))
  return rpt
}

describe('maxEntries', () => {
  test('RPTs: never more than that, and what was used lately stays', () => {
    const wallet = createWallet(100)
    for (let n = 0; n < 100; n++) grant(wallet, n)
    for (let n = 100; n < 1000; n++) {
      expect(wallet.at('GET', place(0))?.grant.token).toBe('rpt-0')
      grant(wallet, n)
      expect(wallet.all().length).toBeLessThanOrEqual(100)
    }
    expect(wallet.at('GET', place(999))?.grant.token).toBe('rpt-999')
    expect(wallet.at('GET', place(1))).toBeUndefined()
  })

  test('places of one RPT: a place that went is still found by its folder', () => {
    const wallet = createWallet(100)
    const rpt = grant(wallet, 0)
    for (let n = 1; n < 1000; n++) wallet.opened(rpt, 'GET', place(n))
    expect(wallet.dump('as client', host).rpts[0]?.places.length).toBeLessThanOrEqual(100)
    expect(wallet.at('GET', place(5))).toBeUndefined()
    expect(wallet.nearest('GET', new URL(place(5)))).toBe(rpt)
    expect(wallet.at('GET', place(999))).toBe(rpt)
  })

  test('an RPT that went is not found by any place or folder of its own', () => {
    const wallet = createWallet(10)
    const first = grant(wallet, 0)
    for (let n = 1; n < 30; n++) grant(wallet, n)
    expect(first.held).toBe(false)
    expect(wallet.nearest('GET', new URL(place(0)))).not.toBe(first)
    wallet.opened(first, 'GET', place(0))
    expect(wallet.at('GET', place(0))).toBeUndefined()
  })
})

test('the longest folder first, for that method; then the newest', () => {
  const wallet = createWallet()
  const alice = wallet.store({ token: 'a', type: 'bearer' }, {}, 'as client', host)
  wallet.opened(alice, 'GET', `${host}/alice/album/1.jpg`)
  const write = wallet.store({ token: 'w', type: 'bearer' }, {}, 'as client', host)
  wallet.opened(write, 'PUT', `${host}/alice/album/1.jpg`)
  const carol = wallet.store({ token: 'c', type: 'bearer' }, {}, 'other client', host)
  wallet.opened(carol, 'GET', `${host}/carol/1.jpg`)
  const near = (method: string, path: string): Rpt | undefined => wallet.nearest(method, new URL(host + path))
  expect(near('GET', '/alice/album/2.jpg')).toBe(alice)
  expect(near('GET', '/alice/album/1.jpg?size=big')).toBe(alice)
  expect(near('PUT', '/alice/album/2.jpg')).toBe(write)
  expect(near('GET', '/carol/2.jpg')).toBe(carol)
  expect(near('DELETE', '/alice/album/1.jpg')).toBe(carol)
  wallet.refused(alice, 'GET', `${host}/alice/album/2.jpg`)
  expect(near('GET', '/alice/album/2.jpg')).toBe(carol)
})
