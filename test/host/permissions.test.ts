import { describe, expect, test } from 'vitest'
import { isBound, permits, readPermissions, readRptFacts, scopesFor } from '../../src/host/permissions.ts'

const now = 1_000_000
const claims = (more: object = {}) => ({
  active: true,
  permissions: [{ resource_id: 'r', resource_scopes: ['read'] }],
  ...more,
})
const allowed = (answer: Record<string, unknown>, scopes: string[] = ['read'], resource = 'r') => {
  const facts = readRptFacts(answer)
  return facts !== undefined && permits(facts, resource, scopes, now)
}

describe('permissions (FedAuthz §5.1.1)', () => {
  test('F-5.1.1-a: scope of the token gives no right, and no permissions are none', () => {
    expect(allowed({ active: true, scope: 'read' })).toBe(false)
    expect(allowed({ active: true, scope: 'read', permissions: [] })).toBe(false)
    expect(allowed({ active: true, permissions: 'read' })).toBe(false)
    expect(allowed(claims())).toBe(true)
  })

  test.each([
    ['no id', { resource_scopes: ['read'] }],
    ['an id that is no string', { resource_id: 7, resource_scopes: ['read'] }],
    ['no scopes', { resource_id: 'r' }],
    ['scopes in a string', { resource_id: 'r', resource_scopes: 'read write' }],
    ['a time that is none', { resource_id: 'r', resource_scopes: ['read'], exp: '99999999999' }],
    ['a list', ['r', 'read']],
    ['null', null],
  ])('F-5.1.1-b: %s permits nothing', (_, permission) => {
    expect(readPermissions([permission])).toEqual([])
    expect(allowed({ permissions: [permission] })).toBe(false)
    expect(allowed({ permissions: [permission, ...claims().permissions] })).toBe(true)
  })

  test.each([
    ['the permission has ended', {}, { exp: now }, false],
    ['the permission ends in a second', {}, { exp: now + 1 }, true],
    ['the token has ended, the permission not', { exp: now }, { exp: now + 99 }, false],
    ['the permission has ended, the token not', { exp: now + 99 }, { exp: now - 1 }, false],
    ['both go on', { exp: now + 99 }, { exp: now + 9 }, true],
    ['the permission begins later', {}, { nbf: now + 60 }, false],
    ['the token begins later', { nbf: now + 60 }, { nbf: now - 60 }, false],
    ['issued later', { iat: now + 60 }, {}, false],
    ['the permission issued later', { iat: now - 1 }, { iat: now + 60 }, false],
    ['begun already', { iat: now - 9, nbf: now - 9 }, { iat: now - 9, nbf: now - 9 }, true],
    ['begins within the difference of clocks', { iat: now + 3, nbf: now + 3 }, {}, true],
    ['null is no time', { exp: null }, { exp: null }, true],
    ['a token time that is none', { exp: 'never' }, {}, false],
  ])('F-5.1.1-c: %s', (_, token, permission, expected) => {
    const permissions = [{ resource_id: 'r', resource_scopes: ['read'], ...permission }]
    expect(allowed({ ...token, permissions })).toBe(expected)
  })

  test('F-5.1.1-e: several permissions of a resource count together, as far as they are valid now', () => {
    const permissions = [
      { resource_id: 'r', resource_scopes: ['read'] },
      { resource_id: 'r', resource_scopes: ['write'], exp: now + 9 },
      { resource_id: 'r', resource_scopes: ['print'], exp: now - 9 },
      { resource_id: 's', resource_scopes: ['delete'] },
    ]
    expect(allowed({ permissions }, ['read', 'write'])).toBe(true)
    expect(allowed({ permissions }, ['read', 'print'])).toBe(false)
    expect(allowed({ permissions }, ['delete'])).toBe(false)
    expect(allowed({ permissions }, ['delete'], 's')).toBe(true)
  })

  test('F-5.1.1-f: all scopes are needed; none is not enough for one, and enough for none', () => {
    const empty = { permissions: [{ resource_id: 'r', resource_scopes: [] }] }
    expect(allowed(empty)).toBe(false)
    expect(allowed(empty, [])).toBe(true)
    expect(allowed(empty, [], 's')).toBe(false)
    expect(allowed(claims(), ['read', 'write'])).toBe(false)
    expect(allowed(claims(), ['Read'])).toBe(false)
  })

  test('F-5.1.1-h: as Keycloak words them, and as anybody does, with a mapper', () => {
    expect(allowed({ authorization: { permissions: [{ rsid: 'r', rsname: 'photo', scopes: ['read'] }] } })).toBe(true)
    expect(allowed({ permissions: [{ rsid: 'r', scopes: ['read'] }] })).toBe(true)
    expect(allowed({ permissions: [{ rsid: 'r' }] }, [])).toBe(true)
    expect(allowed(claims({ authorization: 'x', permissions: undefined }))).toBe(false)
    const uma1 = { rights: [{ resource_set_id: 'r', scopes: ['read'] }] }
    const mapper = (answer: Record<string, unknown>) =>
      (answer.rights as { resource_set_id: string; scopes: string[] }[]).map((right) => ({
        resource_id: right.resource_set_id,
        resource_scopes: right.scopes,
      }))
    const facts = readRptFacts(uma1, { permissions: mapper })
    expect(facts && permits(facts, 'r', ['read'], now)).toBe(true)
  })

  test('F-5.1.1-i: a token that is bound to a key is told', () => {
    const bound = readRptFacts(claims({ cnf: { jkt: 'x' } }))
    const free = readRptFacts(claims({ cnf: null }))
    expect(bound && isBound(bound)).toBe(true)
    expect(free && isBound(free)).toBe(false)
  })

  test('who asks', () => {
    const facts = readRptFacts(claims({ client_id: 'spa', sub: 'bob', username: 'Bob', azp: 'other' }))
    expect(facts).toMatchObject({ clientId: 'spa', subject: 'bob', username: 'Bob' })
    expect(readRptFacts(claims({ azp: 'spa', preferred_username: 'bob', sub: 7 }))).toMatchObject({
      clientId: 'spa',
      username: 'bob',
      subject: undefined,
    })
  })
})

describe('methods and scopes', () => {
  const host = { GET: ['read'], '*': ['write'] }

  test.each([
    ['GET', ['read']],
    ['HEAD', ['read']],
    ['POST', ['write']],
    ['constructor', ['write']],
    ['OPTIONS', undefined],
  ])('%s', (method, scopes) => {
    expect(scopesFor(method, undefined, host)).toEqual(scopes)
  })

  test("a resource's own go first; HEAD needs what GET needs, whatever is said", () => {
    const own = { GET: ['view'], HEAD: [], DELETE: ['delete', 'write'] }
    expect(scopesFor('GET', own, host)).toEqual(['view'])
    expect(scopesFor('HEAD', own, host)).toEqual(['view'])
    expect(scopesFor('DELETE', own, host)).toEqual(['delete', 'write'])
    expect(scopesFor('PUT', own, host)).toEqual(['write'])
    expect(scopesFor('PUT', { '*': ['all'] }, host)).toEqual(['all'])
    expect(scopesFor('OPTIONS', { '*': ['all'] }, { OPTIONS: ['look'] })).toEqual(['look'])
    expect(scopesFor('PUT', { GET: ['x'] })).toBeUndefined()
  })
})
