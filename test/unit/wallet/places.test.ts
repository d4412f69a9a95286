import { describe, expect, test } from 'vitest'
import { targetOf } from '../../../src/wallet/place.ts'
import type { Rpt } from '../../../src/wallet/rpt.ts'
import { createWallet } from '../../../src/wallet/wallet.ts'
import { authority, host, obtain, open, place, placesIn } from './kit.ts'

describe('nearest', () => {
  test('the longest folder first, for that method; then the newest of the only authority', () => {
    const wallet = createWallet()
    const alice = open(wallet, 'a', '/alice/album/1.jpg')
    const write = obtain(wallet, 'w')
    wallet.opened(write, place('PUT', '/alice/album/1.jpg'))
    const carol = open(wallet, 'c', '/carol/1.jpg')
    const near = (method: string, path: string): Rpt | undefined => wallet.nearest(place(method, path), authority)
    expect(near('GET', '/alice/album/2.jpg')).toBe(alice)
    expect(near('GET', '/alice/album/1.jpg?size=big')).toBe(alice)
    expect(near('PUT', '/alice/album/2.jpg')).toBe(write)
    expect(near('GET', '/carol/2.jpg')).toBe(carol)
    expect(near('DELETE', '/alice/album/1.jpg')).toBe(carol)
    wallet.refused(alice, place('GET', '/alice/album/2.jpg'))
    expect(near('GET', '/alice/album/2.jpg')).toBe(carol)
  })

  test('the newest of the host is offered only if one authority is configured, and is of that authority', () => {
    const wallet = createWallet()
    const mine = open(wallet, 'a', '/alice/1.jpg')
    const other = obtain(wallet, 'o', 'https://other.example.com client')
    wallet.opened(other, place('PUT', '/bob/1.jpg'))
    expect(wallet.nearest(place('DELETE', '/x'), undefined)).toBeUndefined()
    expect(wallet.nearest(place('DELETE', '/x'), authority)).toBe(mine)
    expect(wallet.nearest(place('DELETE', '/x'), 'https://third.example.com client')).toBeUndefined()
  })

  test('nothing of another host', () => {
    const wallet = createWallet()
    open(wallet, 'a', '/alice/1.jpg')
    const elsewhere = { method: 'GET', url: 'https://other.example.com/alice/1.jpg' }
    expect(wallet.nearest(elsewhere, authority)).toBeUndefined()
    expect(wallet.newest('https://other.example.com', authority)).toBeUndefined()
  })

  test('an RPT that was not enough is offered last, until it is upgraded', () => {
    const wallet = createWallet()
    const first = obtain(wallet, 'a')
    const second = obtain(wallet, 'b')
    const there = place('GET', '/x')
    wallet.refused(second, there)
    expect(wallet.nearest(there, authority)).toBe(first)
    wallet.refused(first, there)
    expect(wallet.nearest(there, authority)).toBe(second)
    wallet.store({ grant: { token: 'a2', type: 'bearer' }, headers: {}, authority, host, upgraded: first })
    expect(wallet.nearest(there, authority)).toBe(first)
  })

  test('a folder whose RPT was dropped is passed over for the folder above', () => {
    const wallet = createWallet()
    const above = open(wallet, 'a', '/alice/1.jpg')
    const below = open(wallet, 'b', '/alice/album/1.jpg')
    wallet.opened(above, place('GET', '/alice/2.jpg'))
    wallet.drop(below)
    expect(wallet.nearest(place('GET', '/alice/album/2.jpg'), undefined)).toBe(above)
  })

  test('at most 200 places are remembered against one RPT', () => {
    const wallet = createWallet()
    const rpt = obtain(wallet, 'a')
    for (let n = 0; n < 300; n++) wallet.refused(rpt, place('GET', `/${n}`))
    expect(rpt.insufficient.size).toBe(200)
    expect(rpt.insufficient.has(`GET ${host}/299`)).toBe(true)
    expect(rpt.insufficient.has(`GET ${host}/99`)).toBe(false)
  })
})

describe('R4: several RPTs for one place', () => {
  test('all RPTs that opened a place, the newest first, at most four', () => {
    const wallet = createWallet()
    const there = place('POST', '/rpc')
    const rpts = ['a', 'b', 'c', 'd', 'e'].map((token) => obtain(wallet, token))
    for (const rpt of rpts) expect(wallet.opened(rpt, there)).toBe(true)
    const tokens = (): string[] => wallet.allAt(there).map(({ grant }) => grant.token)
    expect(tokens()).toEqual(['e', 'd', 'c', 'b'])
    expect(wallet.opened(rpts[2] as Rpt, there)).toBe(false)
    expect(tokens()).toEqual(['c', 'e', 'd', 'b'])
    expect(wallet.at('POST', targetOf(there))).toBe(rpts[2])
  })

  test('an RPT that was refused at a place is tried last there, until it opens the place again', () => {
    const wallet = createWallet()
    const there = place('POST', '/rpc')
    const a = obtain(wallet, 'a')
    wallet.opened(a, there)
    wallet.refused(a, there)
    expect(wallet.at('POST', targetOf(there))).toBeUndefined()
    expect(wallet.allAt(there)).toEqual([a])
    const b = obtain(wallet, 'b')
    wallet.opened(b, there)
    expect(wallet.allAt(there)).toEqual([b, a])
    wallet.refused(b, there)
    expect(wallet.allAt(there)).toEqual([b, a])
    expect(wallet.opened(a, there)).toBe(false)
    expect(a.insufficient.size).toBe(0)
    expect(wallet.allAt(there)).toEqual([a, b])
    expect(wallet.at('POST', targetOf(there))).toBe(a)
  })

  test('a dropped RPT makes way for the next one', () => {
    const wallet = createWallet()
    const there = place('GET', '/x')
    const a = open(wallet, 'a', '/x')
    const b = open(wallet, 'b', '/x')
    wallet.drop(b)
    expect(wallet.at('GET', targetOf(there))).toBe(a)
    wallet.drop(a)
    expect(wallet.at('GET', targetOf(there))).toBeUndefined()
    expect(wallet.allAt(there)).toEqual([])
  })

  test('an operation is a place of its own', () => {
    const wallet = createWallet()
    const one = place('POST', '/rpc', 'h1')
    const two = place('POST', '/rpc', 'h2')
    const a = obtain(wallet, 'a')
    const b = obtain(wallet, 'b')
    wallet.opened(a, one)
    wallet.opened(b, two)
    expect(wallet.at('POST', `${host}/rpc#h1`)).toBe(a)
    expect(wallet.at('POST', targetOf(two))).toBe(b)
    expect(wallet.at('POST', `${host}/rpc`)).toBeUndefined()
    wallet.refused(b, one)
    expect(wallet.at('POST', targetOf(two))).toBe(b)
    expect(placesIn(wallet)).toEqual({ a: [['POST', `${host}/rpc#h1`]], b: [['POST', `${host}/rpc#h2`]] })
    expect(wallet.nearest(place('POST', '/rpc', 'h3'), undefined)).toBe(b)
  })
})

describe('R6: HEAD falls back to GET', () => {
  const url = `${host}/x`

  test('never the reverse', () => {
    const wallet = createWallet()
    const rpt = open(wallet, 'a', '/x')
    expect(wallet.at('HEAD', url)).toBe(rpt)
    expect(wallet.allAt(place('HEAD', '/x'))).toEqual([rpt])
    const other = createWallet()
    other.opened(obtain(other, 'h'), place('HEAD', '/x'))
    expect(other.at('GET', url)).toBeUndefined()
    expect(other.allAt(place('GET', '/x'))).toEqual([])
    expect(other.nearest(place('GET', '/x'), undefined)).toBeUndefined()
    expect(wallet.at('OPTIONS', url)).toBeUndefined()
  })

  test('an RPT of its own counts more', () => {
    const wallet = createWallet()
    const get = open(wallet, 'a', '/x')
    const head = obtain(wallet, 'h')
    wallet.opened(head, place('HEAD', '/x'))
    expect(wallet.at('HEAD', url)).toBe(head)
    expect(wallet.allAt(place('HEAD', '/x'))).toEqual([head, get])
    expect(wallet.at('GET', url)).toBe(get)
  })

  test.each(['refused', 'forgetPlace'] as const)('%s for HEAD leaves the place of GET as it is', (how) => {
    const wallet = createWallet()
    const rpt = open(wallet, 'a', '/x')
    wallet[how](rpt, place('HEAD', '/x'))
    expect(wallet.at('HEAD', url)).toBeUndefined()
    expect(wallet.allAt(place('HEAD', '/x'))).toEqual([])
    expect(wallet.at('GET', url)).toBe(rpt)
    const next = open(wallet, 'b', '/x')
    expect(wallet.at('HEAD', url)).toBe(next)
  })

  test('the folders of GET count for HEAD; the longest folder comes first', () => {
    const wallet = createWallet()
    const get = open(wallet, 'a', '/alice/album/1.jpg')
    const head = obtain(wallet, 'h')
    wallet.opened(head, place('HEAD', '/alice/1.jpg'))
    expect(wallet.nearest(place('HEAD', '/alice/album/2.jpg'), undefined)).toBe(get)
    expect(wallet.nearest(place('HEAD', '/alice/2.jpg'), undefined)).toBe(head)
  })
})

describe('forgetPlace', () => {
  test('the RPT is not offered at the place again, not even as the last resort, until its grant changes', () => {
    const wallet = createWallet()
    const there = place('POST', '/x')
    const rpt = obtain(wallet, 'a')
    wallet.opened(rpt, there)
    wallet.opened(rpt, place('POST', '/y'))
    wallet.forgetPlace(rpt, there)
    expect(wallet.at('POST', targetOf(there))).toBeUndefined()
    expect(wallet.allAt(there)).toEqual([])
    expect(wallet.nearest(there, authority)).toBeUndefined()
    expect(wallet.at('POST', `${host}/y`)).toBe(rpt)
    wallet.renew(rpt, { token: 'b', type: 'bearer' }, {})
    expect(wallet.nearest(there, authority)).toBe(rpt)
  })
})
