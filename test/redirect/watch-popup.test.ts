/** Which pages of a popup count as the callback page that hands nothing over (finding R10). */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchPopup } from '../../src/redirect/watch-popup.ts'

const origin = 'https://app.example.com'
const redirectUri = `${origin}/callback`
const issuer = 'https://as.example.com'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  vi.stubGlobal('location', { origin })
  vi.stubGlobal('document', { hasFocus: () => true })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

/** A popup whose page can be changed. A page of another origin cannot be looked at. */
function popup() {
  let at: URL | undefined
  let readyState = 'complete'
  const window = {
    closed: false,
    get location() {
      if (!at) throw new DOMException('Blocked a frame', 'SecurityError')
      return at
    },
    document: {
      get readyState() {
        return readyState
      },
    },
  }
  return {
    window: window as unknown as Window,
    close: () => Object.assign(window, { closed: true }),
    show(url: string | undefined, state = 'complete') {
      at = url === undefined ? undefined : new URL(url)
      readyState = state
    },
  }
}

function watched({ url = `${issuer}/authorize`, uri = redirectUri as string | null } = {}) {
  const shown = popup()
  const stopped = new AbortController()
  let message = ''
  watchPopup(shown.window, { url, redirectUri: uri ?? undefined, issuer, closedGrace: 1500 }, stopped.signal).catch(
    (error: Error) => {
      message = error.message
    },
  )
  const after = async (ms: number): Promise<string> => {
    await vi.advanceTimersByTimeAsync(ms)
    return message
  }
  return { ...shown, after, stop: () => stopped.abort() }
}

const stuck = expect.stringContaining('completePopup()')

test('the page of the redirect URI, 5 seconds after it was loaded', async () => {
  const { show, after } = watched()
  show(undefined)
  expect(await after(20_000)).toBe('')
  show(`${redirectUri}?state=s`, 'interactive')
  expect(await after(20_000)).toBe('')
  show(`${redirectUri}?state=s`)
  expect(await after(4900)).toBe('')
  expect(await after(500)).toEqual(stuck)
})

test('another page of the app counts only after the page of the redirect URI', async () => {
  const { show, after } = watched()
  show(`${origin}/sign-in`)
  expect(await after(20_000)).toBe('')
  show(redirectUri)
  await after(500)
  show(`${origin}/home`)
  expect(await after(5000)).toEqual(stuck)
})

test('without a known redirect URI, any page of the app counts, unless the server has the same origin', async () => {
  const elsewhere = watched({ uri: null })
  const same = watched({ uri: null, url: `${origin}/authorize` })
  for (const { show } of [elsewhere, same]) show(`${origin}/anything`)
  expect(await elsewhere.after(5500)).toEqual(stuck)
  expect(await same.after(5500)).toBe('')
})

test('an empty window is not a page of the app', async () => {
  const { show, after } = watched({ uri: null })
  show('about:blank')
  expect(await after(20_000)).toBe('')
})

test('a window that is closed, after the grace', async () => {
  const { close, after } = watched()
  close()
  expect(await after(1500)).toBe('')
  expect(await after(500)).toBe('The popup was closed')
})

test('nothing is looked at after the end', async () => {
  const { close, stop, after } = watched()
  close()
  stop()
  expect(await after(20_000)).toBe('')
  expect(vi.getTimerCount()).toBe(0)
})
