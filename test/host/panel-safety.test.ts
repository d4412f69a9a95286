/** The share panel under attack: other sites, other frames, hostile names and addresses. */
import { afterEach, expect, test, vi } from 'vitest'
import { createPanel, type PanelOptions } from '../../src/host/panel.ts'
import { listedHost, photo, startPanel, tokenOn } from './panel-kit.ts'

afterEach(() => void vi.useRealTimers())

test('a click is taken from the panel itself only', async () => {
  const { press, host } = await startPanel()
  const strange: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { origin: 'null', 'sec-fetch-site': 'cross-site' },
  ]
  for (const headers of strange)
    expect([headers, (await press('share', photo, { headers })).status]).toEqual([headers, 403])
  expect(host.calls).toEqual([])
  // What browsers send where the app's own middleware says "no-referrer".
  expect((await press('share', photo, { headers: { origin: 'null' } })).status).toBe(303)
})

test('a browser that sends neither Origin nor Sec-Fetch-Site is not believed', async () => {
  const { get, origin, host } = await startPanel()
  const body = new URLSearchParams({ action: 'share', token: tokenOn(await (await get(photo)).text()) })
  const bare = await get(photo, { method: 'POST', body })
  expect(bare.status).toBe(403)
  expect(host.calls).toEqual([])
  // Origin alone will do: Safari before 16.4.
  expect((await get(photo, { method: 'POST', body, headers: { origin } })).status).toBe(303)
})

test('the origin behind a proxy is the one that was said', async () => {
  const { press } = await startPanel({ origins: ['https://photos.example'] })
  expect((await press('share', photo)).status).toBe(403)
  expect((await press('share', photo, { headers: { origin: 'https://photos.example' } })).status).toBe(303)
})

test("a token is good for one owner's one action on one resource, as it was made", async () => {
  const { get, press, host } = await startPanel({ mayShare: () => true })
  const token = tokenOn(await (await get(photo)).text())
  const other = { uri: '/alice/2.jpg', name: 'x' }
  const forged = token.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
  const later = token.replace(/^\d+/, (until) => String(Number(until) + 60_000))
  const refused = await Promise.all([
    press('share', other, { token }),
    press('share', photo, { token, as: 'bob' }),
    press('share', photo, { token: forged }),
    press('share', photo, { token: later }),
    press('share', photo, { token: '' }),
    press('share', photo, { token: `${token}0` }),
    press('stop', photo, { token }),
  ])
  expect(refused.map(({ status }) => status)).toEqual(Array(7).fill(403))
  expect(host.calls).toEqual([])
  expect((await press('share', photo, { token })).status).toBe(303)
})

test('a page that was open for too long asks for the click again, with a token that works', async () => {
  const { get, press } = await startPanel({ tokenTtl: 1000 })
  const token = tokenOn(await (await get(photo)).text())
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1500 })
  const answer = await press('share', photo, { token })
  expect(answer.status).toBe(403)
  const html = await answer.text()
  expect(html).toContain('Please try again')
  expect((await press('share', photo, { token: tokenOn(html) })).status).toBe(303)
})

test('tokens of one process are good at another with the same key, and not with another', async () => {
  const key = 'k'.repeat(32)
  const [one, two, three] = [await startPanel({ key }), await startPanel({ key }), await startPanel()]
  const token = tokenOn(await (await one.get(photo)).text())
  expect((await three.press('share', photo, { token })).status).toBe(403)
  expect((await two.press('share', photo, { token })).status).toBe(303)
})

test('a form that is none of the panel is refused', async () => {
  const { get, origin, host } = await startPanel()
  const token = tokenOn(await (await get(photo)).text())
  const form = new FormData()
  form.set('action', 'share')
  form.set('token', token)
  const bodies: [BodyInit, Record<string, string>][] = [
    [JSON.stringify({ action: 'share', token }), { 'content-type': 'application/json' }],
    [form, {}],
    [`action=share&token=${token}`, { 'content-type': 'text/plain' }],
    [`pad=${'x'.repeat(5000)}&action=share&token=${token}`, { 'content-type': 'application/x-www-form-urlencoded' }],
    [`action=delete&token=${token}`, { 'content-type': 'application/x-www-form-urlencoded' }],
  ]
  for (const [body, headers] of bodies)
    expect((await get(photo, { method: 'POST', body, headers: { ...headers, origin } })).status).toBe(403)
  expect(host.calls).toEqual([])
})

test('the headers of every answer: no script, no frame but those named, no store', async () => {
  const { get, press } = await startPanel({
    frameAncestors: ['self', 'https://album.example', 'http://127.0.0.1:8480/'],
  })
  const answers = [
    await get(photo),
    await get(photo, { as: '' }),
    await get(photo, { as: 'bob' }),
    await get({ uri: '//' }),
    await press('share', photo, { token: '' }),
    await press('share', photo),
    await get(photo, { method: 'PUT' }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 401, 403, 400, 403, 303, 405])
  for (const { headers } of answers) {
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; form-action 'self'; base-uri 'none'; frame-ancestors 'self' https:\/\/album\.example http:\/\/127\.0\.0\.1:8480$/,
    )
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
  }
})

test('frames: its own origin by default, none on demand, and old browsers know too', async () => {
  const of = async (options: Partial<PanelOptions>): Promise<(string | null | undefined)[]> => {
    const { headers } = await (await startPanel(options)).get(photo)
    return [
      /frame-ancestors (.*)$/.exec(headers.get('content-security-policy') ?? '')?.[1],
      headers.get('x-frame-options'),
    ]
  }
  expect(await of({})).toEqual(["'self'", 'SAMEORIGIN'])
  expect(await of({ frameAncestors: [] })).toEqual(["'none'", 'DENY'])
  expect(await of({ frameAncestors: ['none'] })).toEqual(["'none'", 'DENY'])
  expect(await of({ frameAncestors: ['https://a.example'] })).toEqual(['https://a.example', null])
})

test('options that would open it are refused at once', () => {
  const make = (options: Partial<PanelOptions>) => () =>
    createPanel(listedHost(), { owner: () => 'alice', mayShare: () => true, ...options })
  for (const frame of [
    '*',
    'https:',
    'https://a.example/path',
    'https://a.example; script-src *',
    'a.example',
    'https://*.example',
    '',
    'none',
  ])
    expect(make({ frameAncestors: ['self', frame] }), frame).toThrow(TypeError)
  for (const value of [
    'red;}</style><script>',
    'red; background: blue',
    'url(https://evil.example/x)',
    'URL (x)',
    'image-set("x" 1x)',
    'red}',
    '"open',
    'calc(1px',
    'red)',
    '\\75rl(x)',
    'red /* x',
    '//evil.example',
    '',
    'x'.repeat(201),
  ])
    for (const theme of [{ accent: value }, { font: value }, { dark: { ink: value } }])
      expect(make({ theme }), value).toThrow(TypeError)
  expect(make({ theme: { color: 'red' } as object })).toThrow(/theme\.color is not known/)
  expect(make({ theme: { scheme: 'light}' } as object })).toThrow(TypeError)
  expect(make({ key: 'short' })).toThrow(/at least 32 bytes/)
})

test('hostile names are text, on one line, of one direction, not endless', async () => {
  const { get, press, host } = await startPanel({ mayShare: () => true })
  const hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202egpj.exe\r\nSet-Cookie: a=b\0'
  for (const query of [
    { uri: '/alice/1.jpg', name: hostile },
    { uri: `/alice/${encodeURIComponent('"><script>alert(1)<')}` },
  ]) {
    const html = await (await get(query)).text()
    expect(html).not.toMatch(/<script|<img/)
    expect(html).not.toMatch(/[\u202e\0]/)
    expect(html).toContain('&#34;&#62;&#60;script&#62;')
  }
  await press('share', { uri: '/alice/1.jpg', name: `${hostile}${'€'.repeat(500)}` })
  const [, told] = host.calls[0] as ['protect', { name: string }]
  expect(told.name).toMatch(/^[^\p{Cc}\u202e]{120}$/u)
  // A name in the storage is no better.
  const resource = host.resources.get('/alice/1.jpg')
  if (resource) resource.name = hostile
  const html = await (await get(photo)).text()
  expect(html).not.toMatch(/<script|<img/)
  // In an address that the panel sends somebody to, it is encoded.
  expect((await press('stop', { uri: '/alice/1.jpg', name: hostile })).headers.get('location')).not.toMatch(/[<>"\s]/)
})

test("F-R-j: an address that has two readings, is a pattern, or is another host's is no resource", async () => {
  const { get, press, origin, host } = await startPanel({ mayShare: () => true })
  const bad = [
    '',
    'alice/1.jpg',
    '//evil.example/alice/1.jpg',
    '/alice//1.jpg',
    '/alice/../bob/1.jpg',
    '/alice/%2e%2e/bob/1.jpg',
    '/alice/..;/bob',
    '/alice%2f1.jpg',
    '/alice\\1.jpg',
    '/alice/%5c1.jpg',
    '/alice/%00.jpg',
    '/alice/%zz.jpg',
    '/alice/%252e.jpg',
    '/alice/1.jpg?x=1',
    '/alice/1.jpg#x',
    'https://evil.example/alice/1.jpg',
    `${origin.replace('//', '//alice@')}/alice/1.jpg`,
    `${origin}\\@evil.example/alice/1.jpg`,
    `${origin}.evil.example/alice/1.jpg`,
    'javascript://x/alice/1.jpg',
    'data:text/html,x',
    `/alice/${'x'.repeat(2000)}`,
  ]
  for (const uri of bad) expect([uri, (await get({ uri })).status]).toEqual([uri, 400])
  expect((await get('uri=/alice/1.jpg&uri=/alice/2.jpg')).status).toBe(400)
  expect((await get('name=x')).status).toBe(400)
  // One of this host's, and what only looks like a pattern.
  for (const [uri, url] of [
    [`${origin}/alice/1.jpg`, '/alice/1.jpg'],
    ['/alice/1.jpg/', '/alice/1.jpg'],
    ['/alice/%61.jpg', '/alice/a.jpg'],
    ['/alice/schön 1.jpg', '/alice/sch%C3%B6n%201.jpg'],
    ['/alice/*', '/alice/%2A'],
    ['/alice/:id', '/alice/%3Aid'],
  ] as const) {
    host.calls.length = 0
    host.resources.clear()
    expect([uri, (await press('share', { uri })).status]).toEqual([uri, 303])
    expect(host.calls).toEqual([['protect', { url, owner: 'alice' }]])
  }
})
