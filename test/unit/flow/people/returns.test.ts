import { afterEach, describe, expect, it, vi } from 'vitest'
import { cleanAddressBar, returnParameters } from '../../../../src/flow/people/clean-address-bar.ts'
import { rememberedReturn, rememberReturn } from '../../../../src/flow/people/finished-returns.ts'
import { countRedirect, forgetRedirects } from '../../../../src/flow/people/redirect-counts.ts'
import { refuseSharedRedirectUri } from '../../../../src/flow/people/redirect-uris.ts'
import { cameBackTo, checkReturn, newState } from '../../../../src/flow/people/return-url.ts'
import { issuer } from '../../authorization-server/kit.ts'
import { place, scriptedScheme, world } from '../run-kit.ts'

const app = 'https://app.example/back'

function quietWorld(more: Parameters<typeof world>[0] = {}) {
  const made = world(more)
  made.run.stop()
  return made
}
afterEach(() => void vi.useRealTimers())

describe('cameBackTo', () => {
  const rows: [string, string, boolean][] = [
    [app, `${app}?state=s&ticket=t`, true],
    [app, 'https://app.example/other', false],
    [app, 'https://other.example/back', false],
    [app, 'http://app.example/back', false],
    [app, 'nonsense', false],
    ['nonsense', app, false],
    [`${app}?a=1&a=2`, `${app}?a=1&a=2&x=3`, true],
    [`${app}?a=1&a=2`, `${app}?a=2&a=1`, false],
    [`${app}?a=1`, `${app}?a=1&a=1`, false],
    [`${app}?a=1&b=2`, `${app}?b=2`, false],
    [`${app}?a=1&b=2`, `${app}?a=1`, false],
    [`${app}?a=1&state=x`, `${app}?a=1&state=y`, true],
    ['app://one/back', 'app://one/back?state=s', true],
    ['app://one/back', 'app://two/back', false],
    ['app://one/back', 'ppa://one/back', false],
  ]
  it.each(rows)('%s, %s: %s', (redirectUri, back, expected) => {
    expect(cameBackTo(redirectUri, back)).toBe(expected)
  })
})

describe('checkReturn', () => {
  const check = (back: unknown, redirectUri: string | undefined = app, outOfBand = false) =>
    checkReturn(back, { state: 's', redirectUri, issuer }, outOfBand)
  const codeOf = (...args: Parameters<typeof check>) => {
    try {
      check(...args)
      return 'accepted'
    } catch (error) {
      const { code, reason = '', issuer: named } = error as Record<string, string>
      return `${code} ${reason} ${named}`.replace('  ', ' ')
    }
  }

  it('accepts a URL with our state or none, and a code out of band', () => {
    expect([codeOf(`${app}?state=s`), codeOf(app), codeOf(`${app}?state=x&state=s`)]).toEqual(Array(3).fill('accepted'))
    expect(codeOf('123 456', undefined, true)).toBe('accepted')
    expect(() =>
      checkReturn('https://any.example/?state=s', { state: 's', redirectUri: undefined, issuer }, false),
    ).not.toThrow()
  })

  it('refuses anything else', () => {
    const invalid = `invalid_state ${issuer}`
    expect([codeOf('123 456'), codeOf(undefined), codeOf(5, app, true), codeOf('', app, true)]).toEqual(
      Array(4).fill(invalid),
    )
    expect(codeOf(`${app}?state=x`)).toBe(invalid)
    expect(codeOf('https://evil.example/?state=s')).toMatch(new RegExp(` redirect_uri ${issuer}$`))
  })

  it('makes states of 32 characters of base64url', () => {
    const states = Array.from({ length: 50 }, newState)
    for (const state of states) expect(state).toMatch(/^[\w-]{32}$/)
    expect(new Set(states).size).toBe(50)
  })
})

describe('countRedirect', () => {
  const recordOf = ({ held }: ReturnType<typeof quietWorld>['records']) => JSON.parse([...held.values()][0] ?? '{}')

  it('counts up to the bound, and starts again after its time', async () => {
    vi.useFakeTimers({ now: 1_000_000 })
    const { records, party } = quietWorld()
    const count = () => countRedirect(party, place, 2, 500)
    expect([await count(), await count(), await count()]).toEqual([true, true, false])
    expect(recordOf(records)).toEqual({ count: 2, until: 1_000_500 })
    expect([...records.lifetimes.values()]).toEqual([500])
    vi.setSystemTime(1_000_200)
    expect(await countRedirect(party, place, 3, 500)).toBe(true)
    expect([recordOf(records), ...records.lifetimes.values()]).toEqual([{ count: 3, until: 1_000_500 }, 300])
    vi.setSystemTime(1_000_500)
    expect(await count()).toBe(true)
    expect(recordOf(records)).toEqual({ count: 1, until: 1_001_000 })
    await forgetRedirects(party, place)
    expect(records.held.size).toBe(0)
  })

  it('does not believe a record that lasts too long or holds no number', async () => {
    vi.useFakeTimers({ now: 1_000_000 })
    const { records, party } = quietWorld()
    await countRedirect(party, place, 2, 500)
    const [key = ''] = records.held.keys()
    records.held.set(key, JSON.stringify({ count: 1, until: 9_000_000 }))
    await countRedirect(party, place, 2, 500)
    expect(recordOf(records)).toEqual({ count: 2, until: 1_000_500 })
    records.held.set(key, JSON.stringify({ count: 'many', until: 1_000_100 }))
    await countRedirect(party, place, 2, 500)
    expect(recordOf(records)).toEqual({ count: 1, until: 1_000_500 })
    records.held.set(key, '')
    expect(await countRedirect(party, place, 0, 500)).toBe(false)
  })
})

describe('the outcome of a return', () => {
  it('is remembered for ten minutes, for this party and epoch', async () => {
    vi.useFakeTimers({ now: 1_000_000 })
    const { records, party } = quietWorld()
    expect(await rememberedReturn(party, 's')).toBeUndefined()
    await rememberReturn(party, 's', { finished: true })
    await rememberReturn(party, 'f', { code: 'denied' })
    expect(await rememberedReturn(party, 's')).toEqual({ finished: true })
    expect(await rememberedReturn(party, 'f')).toEqual({ code: 'denied' })
    expect([...records.lifetimes.values()]).toEqual([600_000, 600_000])
    expect([...records.held.keys(), ...records.held.values()].join()).not.toMatch(/finished:\S+ (s|f)\b/)
    vi.setSystemTime(1_000_000 - 1)
    expect(await rememberedReturn(party, 's')).toBeUndefined()
    vi.setSystemTime(1_600_000)
    expect(await rememberedReturn(party, 's')).toBeUndefined()
    vi.setSystemTime(1_599_999)
    expect(await rememberedReturn(party, 's')).toEqual({ finished: true })
    party.epoch = 1
    expect(await rememberedReturn(party, 's')).toBeUndefined()
  })
})

describe('refuseSharedRedirectUri', () => {
  const uri = (more: object = {}) => ({ redirectUri: app, broughtByHandler: true, unique: false, ...more })
  const redirecting = scriptedScheme([], { redirect: {} as never })
  const trusting = (others: string[] | undefined) => {
    const { records, authority, access } = quietWorld({ scheme: redirecting })
    const trust = { ...access.trust, otherReturnServers: () => others }
    return {
      records,
      refuse: (given: object) => refuseSharedRedirectUri(trust, records, authority, uri(given), 500),
    }
  }
  const refusal = { reason: 'shared_redirect_uri', issuer }

  it('refuses a URI of a handler if people come back from other servers', async () => {
    const { refuse } = trusting(['https://other.example'])
    await expect(refuse({})).rejects.toMatchObject(refusal)
    await expect(refuse({})).rejects.toThrow('https://other.example would share')
    for (const fine of [{ broughtByHandler: false }, { unique: true }, { redirectUri: undefined }]) await refuse(fine)
    await trusting([]).refuse({})
  })

  it('gives a URI to the first server if a function finds the servers', async () => {
    vi.useFakeTimers({ now: 1_000_000 })
    const { refuse, records } = trusting(undefined)
    await refuse({ broughtByHandler: false })
    await refuse({})
    const [key = ''] = records.held.keys()
    expect(records.held.get(key)).toBe(`${issuer} 1000500`)
    expect(records.lifetimes.get(key)).toBe(500)
    records.held.set(key, 'https://other.example 1000001')
    await expect(refuse({})).rejects.toMatchObject(refusal)
    records.held.set(key, 'https://other.example 1000000')
    await refuse({})
    expect(records.held.get(key)).toBe(`${issuer} 1000500`)
  })

  it('does not matter if the return names its issuer', async () => {
    const told = { authorization_response_iss_parameter_supported: true, issuer }
    const { authority, records, access } = quietWorld({ server: { metadata: told } })
    const trust = { ...access.trust, otherReturnServers: () => ['https://other.example'] }
    await refuseSharedRedirectUri(trust, records, authority, uri(), 500)
  })
})

describe('cleanAddressBar', () => {
  afterEach(() => void vi.unstubAllGlobals())

  it('removes the parameters of returns from the page that was opened', () => {
    const names = ['code', 'ticket', 'error', 'state', 'iss', 'session_state', 'error_description', 'error_uri', 'own']
    const url = `${app}?keep=1&${names.map((name) => `${name}=x`).join('&')}#part`
    const replaceState = vi.fn()
    vi.stubGlobal('history', { state: 'kept', replaceState })
    vi.stubGlobal('location', { href: url })
    expect(cleanAddressBar(url, [...returnParameters, 'own'])).toBe(`${app}?keep=1#part`)
    expect(replaceState.mock.calls.map(([state, text, clean]) => [state, text, `${clean}`])).toEqual([
      ['kept', '', `${app}?keep=1#part`],
    ])
    expect(cleanAddressBar(`${app}?code=1`, returnParameters)).toBeUndefined()
    expect(cleanAddressBar(url, ['absent'])).toBe(url)
    expect(replaceState).toHaveBeenCalledTimes(1)
  })

  it('does nothing without a page', () => {
    expect(cleanAddressBar(app, ['code'])).toBeUndefined()
    vi.stubGlobal('location', { href: `${app}?code=1` })
    expect(cleanAddressBar(`${app}?code=1`, ['code'])).toBe(app)
  })
})
