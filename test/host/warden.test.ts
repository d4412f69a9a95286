import { describe, expect, test, vi } from 'vitest'
import { saysAuthorizationServerUnreachable } from '../../src/protocol/http/warning.ts'
import { umaChallenges } from '../../src/protocol/uma2/challenge.ts'
import { answered, ask, ISSUER, passed, statusOf, wardenKit } from './warden-kit.ts'

const target = '/alice/1.jpg'

describe('without a token', () => {
  test('F-R-a, F-4-a: 401 with as_uri and a ticket, a fresh one each time', async () => {
    const kit = wardenKit({ realm: 'photos "of" \\ Alice' })
    const { id } = await kit.protect(target)
    const answers = [await ask(kit.judge, { target }), await ask(kit.judge, { target })].map(answered)
    expect(answers.map(({ status }) => status)).toEqual([401, 401])
    const params = answers.map(({ challenges }) => challenges[0]?.params)
    expect(params[0]).toEqual({ realm: 'photos "of" \\ Alice', as_uri: ISSUER, ticket: expect.any(String) })
    expect(params[0]?.ticket).not.toBe(params[1]?.ticket)
    expect(kit.asked).toHaveLength(2)
    expect(kit.asked[0]).toEqual({ owner: 'alice', permissions: [{ resource_id: id, resource_scopes: ['read'] }] })
  })

  test('F-R-c, F-R-e: one UMA challenge in one line, not to be kept, readable across origins', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    const { lines, challenges, body } = answered(await ask(kit.judge, { target }))
    expect(lines('www-authenticate')).toHaveLength(1)
    expect(challenges.map(({ scheme }) => scheme)).toEqual(['uma'])
    expect(lines('cache-control')).toEqual(['no-store'])
    expect(lines('access-control-expose-headers')).toEqual(['WWW-Authenticate, Warning'])
    expect(umaChallenges(lines('www-authenticate').join(', '))).toEqual([
      { issuer: ISSUER, ticket: expect.any(String) },
    ])
    expect(body).not.toContain('ticket-')
  })

  test('F-R-a: what cannot stand in a header is never sent', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    kit.ticket.answer = () => 'x"\r\nSet-Cookie: a=b'
    const { status, lines } = answered(await ask(kit.judge, { target }))
    expect(status).toBe(403)
    expect(lines('www-authenticate')).toEqual([])
  })

  test('F-4-b: the scopes of the method, all of them', async () => {
    const kit = wardenKit()
    const { id } = await kit.protect(target, { methods: { DELETE: ['write', 'delete'] } })
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) await ask(kit.judge, { target, method })
    expect(kit.asked.map(({ permissions }) => permissions)).toEqual([
      [{ resource_id: id, resource_scopes: ['read'] }],
      [{ resource_id: id, resource_scopes: ['read'] }],
      [{ resource_id: id, resource_scopes: ['write'] }],
      [{ resource_id: id, resource_scopes: ['write', 'delete'] }],
    ])
  })

  test('F-4-d: one owner, whose the resource is', async () => {
    const kit = wardenKit()
    await kit.protect('/bob/*', { owner: 'bob' })
    await ask(kit.judge, { target: '/bob/2.jpg' })
    expect(kit.asked.map(({ owner }) => owner)).toEqual(['bob'])
  })
})

describe('with a token', () => {
  test('F-R-b: the permission opens, and what it opened is told', async () => {
    const kit = wardenKit()
    const resource = await kit.protect(target)
    const token = kit.token(target, ['read'], { sub: 'bob', client_id: 'spa' })
    const { access, headers } = passed(await ask(kit.judge, { target, token }))
    expect(access).toMatchObject({ resource, scopes: ['read'], rpt: { subject: 'bob', clientId: 'spa' } })
    expect(headers).toEqual([['Vary', 'Authorization']])
    expect(kit.asked).toEqual([])
  })

  test('a token that is known is judged at once', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    const token = kit.token(target)
    await ask(kit.judge, { target, token })
    expect(ask(kit.judge, { target, token })).not.toBeInstanceOf(Promise)
  })

  test('F-R-b, F-R-c: one that is not valid is as none, and told so in a second line', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    const { status, lines } = answered(await ask(kit.judge, { target, token: 'stale' }))
    expect(status).toBe(401)
    expect(lines('www-authenticate')).toEqual([
      expect.stringMatching(/^UMA realm="uma",as_uri=".*",ticket="ticket-\d+"$/),
      'Bearer error="invalid_token"',
    ])
  })

  test('F-R-b, F-4-a: one that is not enough gets a fresh ticket for what this needs', async () => {
    const kit = wardenKit()
    const { id } = await kit.protect(target)
    const token = kit.token(target, ['read'])
    const { status, lines } = answered(await ask(kit.judge, { target, token, method: 'PUT' }))
    expect(status).toBe(401)
    expect(lines('www-authenticate')[1]).toBe('Bearer error="insufficient_scope"')
    expect(kit.asked).toEqual([{ owner: 'alice', permissions: [{ resource_id: id, resource_scopes: ['write'] }] }])
  })

  test('F-R-b: a permission for another resource is none for this', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    await kit.protect('/alice/2.jpg')
    expect(statusOf(await ask(kit.judge, { target, token: kit.token('/alice/2.jpg') }))).toBe(401)
  })

  test('F-5.1.1-i: one that is bound to a key is refused as Bearer', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    const token = kit.token(target, ['read'], { cnf: { jkt: 'x' } })
    const { status, lines } = answered(await ask(kit.judge, { target, token }))
    expect(status).toBe(401)
    expect(lines('www-authenticate')[1]).toBe('Bearer error="invalid_token"')
  })

  test('F-5.1.1-g: a permission that ends while it is remembered ends', async () => {
    vi.useFakeTimers({ now: 1_700_000_000_000 })
    try {
      const kit = wardenKit()
      await kit.protect(target)
      const token = 'short'
      const permission = { resource_id: `id-of-${target}`, resource_scopes: ['read'], exp: 1_700_000_005 }
      kit.tokens.set(token, { active: true, exp: 1_700_009_999, permissions: [permission] })
      expect(statusOf(await ask(kit.judge, { target, token }))).toBe(200)
      vi.advanceTimersByTime(5_000)
      expect(statusOf(await ask(kit.judge, { target, token }))).toBe(401)
    } finally {
      vi.useRealTimers()
    }
  })

  test('an upgrade that kept the string is seen: asked afresh before a ticket is asked for', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    const token = kit.token(target, ['read'])
    await ask(kit.judge, { target, token })
    kit.tokens.set(token, {
      active: true,
      permissions: [{ resource_id: `id-of-${target}`, resource_scopes: ['read', 'write'] }],
    })
    await new Promise((resolve) => setTimeout(resolve, 3))
    expect(statusOf(await ask(kit.judge, { target, token, method: 'PUT' }))).toBe(200)
    expect(kit.asked).toEqual([])
    expect(kit.introspected).toHaveLength(2)
  })

  test('what was asked for this very request is not asked again', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    await ask(kit.judge, { target, token: kit.token(target, ['print']) })
    expect(kit.introspected).toHaveLength(1)
  })

  test.each(['Basic YTpi', 'DPoP abc', 'UMA abc'])('%s is no RPT: as without one', async (authorization) => {
    const kit = wardenKit()
    await kit.protect(target)
    const { status, lines } = answered(await ask(kit.judge, { target, headers: { authorization } }))
    expect(status).toBe(401)
    expect(lines('www-authenticate')).toHaveLength(1)
  })

  test('the scheme in any case, and a token as the specification prints it', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    const token = 'sbjsbhs(/SSJHBSUSSJHVhjsgvhsgvshgsv'
    kit.tokens.set(token, {
      active: true,
      permissions: [{ resource_id: `id-of-${target}`, resource_scopes: ['read'] }],
    })
    for (const authorization of [`bearer ${token}`, `BEARER   ${token}`]) {
      expect(statusOf(await ask(kit.judge, { target, headers: { authorization } }))).toBe(200)
    }
  })
})

describe('F-R-d, F-4.3-b: no ticket, no 401', () => {
  const faults: [string, () => Promise<string | undefined>][] = [
    ['a fault', () => Promise.reject(new Error('secret-of-the-server'))],
    ['an exception of another kind', () => Promise.reject('secret-of-the-server')],
    ['no answer', () => new Promise(() => {})],
  ]
  test.each(faults)('%s', async (_, answer) => {
    const kit = wardenKit({ timeouts: { decision: 50 } })
    await kit.protect(target)
    kit.ticket.answer = answer
    const { status, lines, body } = answered(await ask(kit.judge, { target }))
    expect(status).toBe(403)
    expect(lines('www-authenticate')).toEqual([])
    expect(lines('warning')).toEqual(['199 - "UMA Authorization Server Unreachable"'])
    expect(saysAuthorizationServerUnreachable(lines('warning')[0] ?? '')).toBe(true)
    expect(lines('cache-control')).toEqual(['no-store'])
    expect(body + JSON.stringify(kit.events)).not.toContain('secret-of-the-server')
    expect(kit.events.at(-1)).toMatchObject({ type: 'authorization-server-unreachable' })
  })

  test('introspection fails: the same, and the token is not called invalid', async () => {
    const fails = [
      () => Promise.reject(new Error('down')),
      () => {
        throw new Error('down')
      },
    ]
    for (const fail of fails) {
      const kit = wardenKit({}, new Map(), fail)
      await kit.protect(target)
      const { status, lines } = answered(await ask(kit.judge, { target, token: 'x' }))
      expect(status).toBe(403)
      expect(lines('warning')).toHaveLength(1)
      expect(lines('www-authenticate')).toEqual([])
    }
  })

  test('none is needed (dialect): let through, with nobody’s permissions', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    kit.ticket.answer = () => undefined
    expect(passed(await ask(kit.judge, { target })).access?.rpt.permissions).toEqual([])
  })
})

describe('what is not protected', () => {
  test('F-R-j: is refused, without a challenge and without asking anybody', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    const { status, lines } = answered(await ask(kit.judge, { target: '/bob/1.jpg', token: 'x' }))
    expect(status).toBe(403)
    expect([...lines('www-authenticate'), ...lines('warning')]).toEqual([])
    expect(kit.introspected).toEqual([])
    expect(kit.events).toEqual([{ type: 'refused', reason: 'not mapped', method: 'GET', path: '/bob/1.jpg' }])
  })

  test('F-R-j: passes where the host says so, but not what a lax router may take for something else', async () => {
    const kit = wardenKit({ onUnmapped: 'pass' })
    await kit.protect(target)
    expect(passed(await ask(kit.judge, { target: '/bob/1.jpg' })).access).toBeUndefined()
    for (const lax of ['/Alice/1.jpg', '/alice/1.jpg;x', '/alice/1.jpg.', '/alice/1.jpg%20', '/alice/1.jpg%3fx'])
      expect(statusOf(await ask(kit.judge, { target: lax })), lax).toBe(400)
  })

  test('storage that cannot be read: 403 with Warning, never a pass', async () => {
    const broken = { get: () => Promise.reject(new Error('no storage')), set: () => {}, delete: () => {} }
    const kit = wardenKit({ onUnmapped: 'pass' }, broken)
    const { status, lines } = answered(await ask(kit.judge, { target }))
    expect(status).toBe(403)
    expect(lines('warning')).toHaveLength(1)
    expect(kit.events).toContainEqual({ type: 'storage-failed', operation: 'read' })
  })

  test('a guard that names a resource which is not protected refuses everything', async () => {
    const kit = wardenKit({ onUnmapped: 'pass' })
    expect(statusOf(await ask(kit.judge, { target: '/x' }, { resource: target }))).toBe(403)
  })
})

describe('F-R-f: OPTIONS', () => {
  const preflight = { origin: 'https://app.example', 'access-control-request-method': 'PUT' }

  test('a preflight is let through without a ticket, for its CORS headers only', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    expect(passed(await ask(kit.judge, { target, method: 'OPTIONS', headers: preflight }))).toEqual({
      headers: [],
      bodiless: true,
    })
    expect(answered(await ask(kit.judge, { target: '*', method: 'OPTIONS' }))).toMatchObject({ status: 204, body: '' })
    expect(kit.asked).toEqual([])
  })

  test('any other OPTIONS needs what GET needs; without a token it is 204, and nothing is said', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    for (const path of [target, '/nothing/here']) {
      const { status, body } = answered(await ask(kit.judge, { target: path, method: 'OPTIONS' }))
      expect([path, status, body]).toEqual([path, 204, ''])
    }
    expect(kit.asked).toEqual([])
    const token = kit.token(target, ['read'])
    expect(passed(await ask(kit.judge, { target, method: 'OPTIONS', token })).bodiless).toBeUndefined()
    const other = kit.token(target, ['write'])
    expect(statusOf(await ask(kit.judge, { target, method: 'OPTIONS', token: other }))).toBe(401)
    expect(statusOf(await ask(kit.judge, { target, method: 'OPTIONS', headers: preflight, token: other }))).toBe(401)
  })

  test('is answered where CORS is configured', async () => {
    const kit = wardenKit({ cors: { origins: ['https://app.example'] } })
    await kit.protect(target)
    const headers = { ...preflight, 'access-control-request-headers': 'authorization' }
    const { status, lines } = answered(await ask(kit.judge, { target, method: 'OPTIONS', headers }))
    expect(status).toBe(204)
    expect(lines('access-control-allow-origin')).toEqual(['https://app.example'])
    expect(lines('access-control-allow-headers')).toEqual(['authorization'])
    expect(lines('access-control-allow-methods')[0]).toContain('PUT')
    const stranger = { ...headers, origin: 'https://evil.example' }
    const other = answered(await ask(kit.judge, { target, method: 'OPTIONS', headers: stranger }))
    expect(other.lines('access-control-allow-origin')).toEqual([])
  })

  test('F-R-e: what is let through and what is refused is readable across origins', async () => {
    const kit = wardenKit({ cors: { origins: '*' } })
    await kit.protect(target)
    const headers = { origin: 'https://app.example' }
    const refused = answered(await ask(kit.judge, { target, headers }))
    expect(refused.lines('access-control-allow-origin')).toEqual(['*'])
    expect(refused.lines('access-control-expose-headers')).toHaveLength(1)
    const let_in = passed(await ask(kit.judge, { target, token: kit.token(target), headers }))
    expect(let_in.headers).toContainEqual(['Access-Control-Allow-Origin', '*'])
    expect(let_in.headers).toContainEqual(['Vary', 'Authorization'])
  })

  test('is judged like the others where scopes are said for it', async () => {
    const kit = wardenKit()
    await kit.protect(target, { methods: { OPTIONS: ['read'] } })
    expect(statusOf(await ask(kit.judge, { target, method: 'OPTIONS' }))).toBe(401)
    expect(statusOf(await ask(kit.judge, { target, method: 'OPTIONS', token: kit.token(target) }))).toBe(200)
  })
})

describe('what a guard is told', () => {
  test('a resource, whatever the path; scopes, whatever the method', async () => {
    const kit = wardenKit()
    const { id } = await kit.protect('/albums/:id', { scopes: ['read', 'print'] })
    await ask(kit.judge, { target: '/print?id=7' }, { resource: '/albums/:id', scopes: ['print'] })
    expect(kit.asked[0]?.permissions).toEqual([{ resource_id: id, resource_scopes: ['print'] }])
  })

  test('F-1.4-a: a predicate besides the permission', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    const token = kit.token(target, ['read'], { sub: 'bob' })
    const judged = (who: string) => ask(kit.judge, { target, token }, { when: ({ rpt }) => rpt.subject === who })
    expect(statusOf(await judged('bob'))).toBe(200)
    const { status, lines } = answered(await judged('carol'))
    expect(status).toBe(403)
    expect([...lines('www-authenticate'), ...lines('warning')]).toEqual([])
  })
})

describe('F-R-g, F-R-j: a request that can be read in two ways', () => {
  const token = 'known'
  const bearer = `Bearer ${token}`
  test.each([
    ['two Authorization headers', { authorizations: 2 }],
    ['two Hosts', { hosts: 2 }],
    ['a Host with a path in it', { headers: { host: 'photos.example/alice' } }],
    ['two credentials in one', { headers: { authorization: `${bearer}, Bearer other` } }],
    ['another scheme’s first', { headers: { authorization: `Basic YTpi, ${bearer}` } }],
    ['a space in the token', { headers: { authorization: `${bearer} other` } }],
    ['no token', { headers: { authorization: 'Bearer ' } }],
    ['a token in the query too', { target: `${target}?access_token=x` }],
    ['a token in the query too, encoded', { target: `${target}?a=b&access%5Ftoken=x` }],
    ['X-HTTP-Method-Override', { headers: { authorization: bearer, 'x-http-method-override': 'DELETE' } }],
    ['X-HTTP-Method', { headers: { authorization: bearer, 'x-http-method': 'PUT' } }],
    ['X-Method-Override', { headers: { authorization: bearer, 'x-method-override': 'GET, POST' } }],
    ['_method', { target: `${target}?_method=DELETE` }],
    ['OPTIONS that is meant as GET', { method: 'OPTIONS', headers: { 'x-http-method-override': 'GET' } }],
    ['absolute form', { target: `http://photos.example${target}` }],
    ['authority form', { target: 'photos.example:80' }],
    ['two slashes', { target: '//alice/1.jpg' }],
    ['an encoded slash', { target: '/alice%2f1.jpg' }],
    ['encoded dots', { target: '/bob/%2e%2e/alice/1.jpg' }],
    ['NUL', { target: '/alice/1.jpg%00.png' }],
  ])('%s: 400', async (_, asked) => {
    const kit = wardenKit({ onUnmapped: 'pass' })
    await kit.protect(target)
    await kit.protect('/*')
    kit.tokens.set(token, {
      active: true,
      permissions: [{ resource_id: `id-of-${target}`, resource_scopes: ['read', 'write'] }],
    })
    const headers = { authorization: bearer }
    expect(statusOf(await ask(kit.judge, { target, headers }))).toBe(200)
    const { status, body } = answered(await ask(kit.judge, { target, headers, ...asked }))
    expect(status).toBe(400)
    expect(JSON.parse(body)).toMatchObject({ error: 'invalid_request' })
    expect(kit.asked).toEqual([])
  })

  test('an override that names the same method is none', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    const headers = { 'x-http-method-override': 'get' }
    expect(statusOf(await ask(kit.judge, { target: `${target}?_method=GET`, headers, token: kit.token(target) }))).toBe(
      200,
    )
  })

  test('a token in the query alone is not looked at', async () => {
    const kit = wardenKit()
    await kit.protect(target)
    expect(statusOf(await ask(kit.judge, { target: `${target}?access_token=${kit.token(target)}` }))).toBe(401)
  })
})
