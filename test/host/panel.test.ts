/** The share panel: what it shows and does. Its safety is in panel-safety.test.ts. */
import { expect, test } from 'vitest'
import { photo, startPanel, tokenOn } from './panel-kit.ts'

const buttons = (html: string): string[] =>
  [...html.matchAll(/<(?:button|a)[^>]*>([^<]*)<\/(?:button|a)>/g)].map(([, label]) => label as string)

test('share!, then settings and stop sharing, then share! again, without a script', async () => {
  const { get, press, host, origin } = await startPanel()
  const before = await get(photo)
  expect(before.status).toBe(200)
  const html = await before.text()
  expect(buttons(html)).toEqual(['share!'])
  expect(html).toContain('<bdi>Lac Blanc</bdi>')
  expect(html).toContain('not shared')
  expect(html).not.toMatch(/<script|javascript:| on\w+=/i)

  const shared = await press('share', photo)
  expect(shared.status).toBe(303)
  const location = new URL(shared.headers.get('location') ?? '', `${origin}/panel`)
  expect(location.origin + location.pathname).toBe(`${origin}/panel`)
  expect(Object.fromEntries(location.searchParams)).toEqual({ ...photo, done: '1' })
  expect(host.calls).toEqual([['protect', { url: '/alice/1.jpg', owner: 'alice', name: 'Lac Blanc' }]])

  const after = await (await get(location.search.slice(1))).text()
  expect(buttons(after)).toEqual(['settings', 'stop sharing'])
  expect(after).toContain(
    'href="https://as.example/policy/1?a=1&#38;b=%222%22" target="_blank" rel="noopener noreferrer"',
  )
  // Who uses the keyboard goes on where the button was.
  expect(after).toMatch(/<a [^>]*autofocus/)
  expect(await (await get(photo)).text()).not.toContain('autofocus')

  expect((await press('stop', photo)).status).toBe(303)
  expect(host.calls.at(-1)).toEqual(['unprotect', '/alice/1.jpg'])
  expect(buttons(await (await get(photo)).text())).toEqual(['share!'])
})

test('a second click on what is done already does nothing and is no error', async () => {
  const { get, press, host } = await startPanel()
  const token = tokenOn(await (await get(photo)).text())
  for (let i = 0; i < 2; i++) expect((await press('share', photo, { token })).status).toBe(303)
  expect(host.calls).toHaveLength(1)
})

test('the app decides what may be shared, and says more about it', async () => {
  const { press, host } = await startPanel({
    resource: (owner, path, name) => ({
      scopes: ['view'],
      type: `${owner}'s ${path.split('.').pop()}`,
      name: `${name}!`,
    }),
  })
  await press('share', photo)
  expect(host.calls).toEqual([
    ['protect', { url: '/alice/1.jpg', owner: 'alice', name: 'Lac Blanc!', scopes: ['view'], type: "alice's jpg" }],
  ])
})

test('FedAuthz §8: the name is told to nobody where the app does not want that', async () => {
  const { press, host } = await startPanel({ tellName: false })
  await press('share', photo)
  expect(host.calls).toEqual([['protect', { url: '/alice/1.jpg', owner: 'alice' }]])
})

test('nobody signed in: 401, with a way to sign in where there is one', async () => {
  const plain = await (await startPanel()).get(photo, { as: '' })
  expect(plain.status).toBe(401)
  expect(buttons(await plain.text())).toEqual([])
  const { get, press, host } = await startPanel({ signInUrl: 'https://app.example/login?to="x"' })
  const linked = await get(photo, { as: '' })
  expect(await linked.text()).toContain('href="https://app.example/login?to=&#34;x&#34;" target="_top"')
  expect((await press('share', photo, { as: '', token: 'x' })).status).toBe(401)
  expect(host.calls).toEqual([])
})

test("another's is neither shown nor shared nor stopped, protected or not", async () => {
  const { get, press, host } = await startPanel()
  const answer = await get(photo, { as: 'bob' })
  expect(answer.status).toBe(403)
  const unprotected = await answer.text()
  expect(unprotected).not.toContain('Lac Blanc')
  await press('share', photo)
  const protectedToo = await get(photo, { as: 'bob' })
  expect([protectedToo.status, await protectedToo.text()]).toEqual([403, unprotected])
  expect((await press('stop', photo, { as: 'bob', token: 'x' })).status).toBe(403)
  expect(host.resources.size).toBe(1)
})

test('what is protected belongs to whom it was protected for, whatever the app says of the path', async () => {
  const { get, host } = await startPanel({ mayShare: () => true })
  await host.protect({ url: '/alice/1.jpg', owner: 'carol' })
  expect((await get(photo, { as: 'alice' })).status).toBe(403)
  expect((await get(photo, { as: 'carol' })).status).toBe(200)
})

test('a part of something larger is shared with it: settings, but nothing to stop', async () => {
  const { get, press, host } = await startPanel()
  await host.protect({ url: '/alice/*', owner: 'alice', name: 'All photos' })
  const html = await (await get(photo)).text()
  expect(buttons(html)).toEqual(['settings'])
  expect(html).toContain('shared with all of <bdi>/alice/*</bdi>')
  expect((await press('stop', photo, { token: 'x' })).status).toBe(403)
  expect(host.resources.size).toBe(1)
})

test('the authorization server does not answer: said plainly, with the button still there', async () => {
  const { press, host } = await startPanel()
  host.down = true
  const answer = await press('share', photo)
  expect(answer.status).toBe(502)
  const html = await answer.text()
  expect(html).toContain('role="alert">The authorization server does not answer')
  expect(buttons(html)).toEqual(['share!'])
  host.down = false
  expect((await press('share', photo, { token: tokenOn(html) })).status).toBe(303)
})

test('an owner who has not agreed yet is sent to the authorization server at the top of the window', async () => {
  const { get, press, host, origin } = await startPanel()
  host.strangers.add('alice')
  const html = await (await get(photo)).text()
  const [, href = ''] = /<a class="button share" href="([^"]*)" target="_top"[^>]*>share!/.exec(html) ?? []
  const link = new URL(href.replaceAll('&#38;', '&'), `${origin}/panel`)
  const followed = await get(link.search.slice(1), { headers: { 'sec-fetch-site': 'same-origin' } })
  expect(followed.status).toBe(303)
  expect(followed.headers.get('location')).toBe('https://as.example/authorize?state=for-alice')
  expect(host.calls).toEqual([])
  // From elsewhere, as somebody else, for something else, or with a token for another action it leads nowhere.
  for (const [query, init] of [
    [link.search, { headers: { 'sec-fetch-site': 'cross-site' } }],
    [link.search.replace('1.jpg', '2.jpg'), {}],
    [link.search.replace(/connect=[^&]*/, 'connect=1'), {}],
  ] as const)
    expect((await get(query.slice(1), init)).status).toBe(403)
  expect((await get(link.search.slice(1), { as: 'bob' })).status).toBe(403)
  host.strangers.clear()
  expect((await press('share', photo)).status).toBe(303)
})

test('an agreement that was taken back meanwhile is asked for again', async () => {
  const { press, host } = await startPanel()
  host.down = true
  const { protect } = host
  host.protect = (options) => {
    host.strangers.add('alice')
    return protect(options)
  }
  const html = await (await press('share', photo)).text()
  expect(html).toContain('Your authorization server has to be asked first')
  expect(html).toContain('target="_top"')
})

test('a policy page that is no safe link is none', async () => {
  const { get, press, host } = await startPanel()
  await press('share', photo)
  const resource = host.resources.get('/alice/1.jpg')
  for (const policyUri of [
    'javascript:alert(1)',
    'data:text/html,x',
    'http://as.example/policy',
    '//as.example',
    undefined,
  ]) {
    if (resource) resource.policyUri = policyUri
    expect(buttons(await (await get(photo)).text())).toEqual(['stop sharing'])
  }
})

test('in another language, in other colours, compact', async () => {
  const { get } = await startPanel({
    compact: true,
    settingsTarget: '_top',
    theme: { scheme: 'light', accent: 'rgb(47 95 208 / 90%)', radius: '9px', font: '"Open Sans", sans-serif' },
    labels: { lang: 'de', share: 'teilen', notShared: 'nicht <geteilt>' },
  })
  const html = await (await get(photo)).text()
  expect(html).toContain('<html lang="de" dir="ltr">')
  expect(buttons(html)).toEqual(['teilen'])
  expect(html).toContain('nicht &#60;geteilt&#62;')
  expect(html).toContain('color-scheme:light;')
  expect(html).toContain('--uma-accent:rgb(47 95 208 / 90%);')
  expect(html).not.toContain('prefers-color-scheme')
  expect(html).toMatch(/\.what\{position:absolute/)
})

test('HEAD as GET without a body; other methods are not allowed', async () => {
  const { get } = await startPanel()
  const head = await get(photo, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
  for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const answer = await get(photo, { method })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
  }
})

test("what the app throws is the app's: 500 without a word of it", async () => {
  const said: unknown[] = []
  const { get } = await startPanel({
    owner: () => {
      throw new Error('the session store is down')
    },
  })
  const { error } = console
  console.error = (problem) => said.push(problem)
  const answer = await get(photo)
  console.error = error
  expect([answer.status, await answer.text()]).toEqual([500, ''])
  expect(String(said)).toContain('the session store is down')
})
