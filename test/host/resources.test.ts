import { describe, expect, test } from 'vitest'
import type { UmaStorage } from '../../src/storage/storage.ts'
import { photo, setup } from './resources-kit.ts'

describe('protect', () => {
  test('F-3-a: registers, and knows from then on whose it is and where policies are set', async () => {
    const { protect, registry, map, events } = setup()
    const resource = await protect({
      ...photo,
      name: 'A photo',
      type: 'photo',
      iconUri: 'https://x/i.png',
      more: { 'name#de': 'Ein Foto' },
    })
    expect(resource).toMatchObject({ id: 'r1', owner: 'alice', pattern: '/alice/1.jpg', scopes: ['read', 'write'] })
    expect(resource).toMatchObject({ policyUri: 'https://as.example/policy/r1', etag: '"1"', name: 'A photo' })
    expect(registry.get('r1')?.description).toEqual({
      name: 'A photo',
      'name#de': 'Ein Foto',
      type: 'photo',
      icon_uri: 'https://x/i.png',
      resource_scopes: ['read', 'write'],
    })
    expect(map.find('/alice/1.jpg')).toEqual(JSON.parse(JSON.stringify(resource)))
    expect(events).toEqual([{ type: 'registered', resource: 'r1', owner: 'alice' }])
  })

  test('F-R-k: nothing is told of a resource by default but its scopes', async () => {
    const { protect, registry } = setup()
    await protect(photo)
    expect(registry.get('r1')?.description).toEqual({ resource_scopes: ['read', 'write'] })
  })

  test('registering what is registered already is no error, and no second registration', async () => {
    const { protect, calls, start } = setup()
    const first = await protect(photo)
    const again = await protect({ ...photo, url: 'https://photos.example/alice/1.jpg/' })
    expect(again.id).toBe(first.id)
    expect((await start().protect(photo)).id).toBe(first.id)
    expect(calls).toEqual(['create'])
  })

  test('twenty at once are one', async () => {
    const { protect, calls } = setup()
    const all = await Promise.all(Array.from({ length: 20 }, () => protect(photo)))
    expect(new Set(all.map(({ id }) => id))).toEqual(new Set(['r1']))
    expect(calls).toEqual(['create'])
  })

  test('two processes at once are one, where the storage has a lock', async () => {
    let tail: Promise<unknown> = Promise.resolve()
    const locks = new Map<string, Promise<unknown>>()
    const inner = new Map<string, string>()
    const storage: UmaStorage = {
      get: (key) => inner.get(key),
      set: (key, value) => inner.set(key, value),
      delete: (key) => inner.delete(key),
      keys: () => inner.keys(),
      lock(key, task) {
        tail = (locks.get(key) ?? Promise.resolve()).then(task)
        locks.set(key, tail)
        return tail as ReturnType<typeof task>
      },
    }
    const { protect, start, calls } = setup(storage)
    const [one, other] = await Promise.all([protect(photo), start().protect(photo)])
    expect(one.id).toBe(other.id)
    expect(calls).toEqual(['create'])
  })

  test('thousands at once do not all go out at once', async () => {
    const { protect, registry } = setup()
    await Promise.all(Array.from({ length: 300 }, (_, i) => protect({ url: `/o/${i}`, owner: 'alice' })))
    expect(registry.size).toBe(300)
  })

  test('F-3.2.3: what has changed is updated, as a whole', async () => {
    const { protect, registry, calls } = setup()
    await protect({ ...photo, name: 'Old', type: 'photo' })
    const changed = await protect({ ...photo, name: 'New', scopes: ['print'] })
    expect(changed).toMatchObject({ id: 'r1', etag: '"2"', policyUri: 'https://as.example/policy/r1' })
    expect(calls).toEqual(['create', 'update r1 "1"'])
    expect(registry.get('r1')?.description).toEqual({ name: 'New', resource_scopes: ['print', 'read', 'write'] })
  })

  test('rules for methods are the host’s affair, and their scopes are registered', async () => {
    const { protect, calls, map } = setup()
    await protect({ ...photo, methods: { GET: ['read'], '*': ['write'] } })
    await protect({ ...photo, methods: { GET: ['read'], PUT: ['write'], '*': ['write'] } })
    expect(calls).toEqual(['create'])
    expect(map.find('/alice/1.jpg')).toMatchObject({ methods: { PUT: ['write'] } })
    const own = await protect({ ...photo, methods: { GET: ['view'], '*': ['edit'] } })
    expect(own.scopes).toEqual(['view', 'edit'])
  })

  test('409: what the authorization server has already is adopted, and brought up to date', async () => {
    const { protect, registry, behaviour, calls } = setup()
    behaviour.uniqueNames = true
    registry.set('k0', { owner: 'alice', description: { name: 'other', resource_scopes: ['read'] } })
    registry.set('k1', { owner: 'alice', description: { name: 'photo', resource_scopes: ['read'] } })
    expect(await protect({ ...photo, name: 'photo' })).toMatchObject({ id: 'k1' })
    expect(registry.get('k1')?.description.resource_scopes).toEqual(['read', 'write'])
    expect(calls).toContain('list alice')
    registry.set('k2', { owner: 'alice', description: { name: 'same', resource_scopes: ['read', 'write'] } })
    expect(await protect({ url: '/alice/2.jpg', owner: 'alice', name: 'same' })).toMatchObject({ id: 'k2' })
    expect(calls.filter((call) => call.startsWith('update'))).toHaveLength(1)
  })

  test('409, and it belongs to another path already: an error', async () => {
    const { protect, behaviour } = setup()
    behaviour.uniqueNames = true
    await protect({ ...photo, name: 'photo' })
    await expect(protect({ url: '/alice/2.jpg', owner: 'alice', name: 'photo' })).rejects.toMatchObject({ status: 409 })
  })

  test('gone at the authorization server (404 at an update): registered again', async () => {
    const { protect, registry } = setup()
    await protect(photo)
    registry.clear()
    expect(await protect({ ...photo, name: 'New' })).toMatchObject({ id: 'r2' })
    expect([...registry.keys()]).toEqual(['r2'])
  })

  test('412, somebody else has changed it there: what the host says counts', async () => {
    const { protect, unprotect, registry, calls, behaviour } = setup()
    const { id } = await protect({ url: '/a', owner: 'alice' })
    behaviour.etag = '"theirs"'
    await protect({ url: '/a', owner: 'alice', iconUri: 'https://photos.example/a.png' })
    expect(registry.get(id)?.description.icon_uri).toBe('https://photos.example/a.png')
    expect(calls).toEqual(['create', `update ${id} "1"`, `update ${id} undefined`])
    await unprotect('/a')
    expect(registry.size).toBe(0)
  })

  test('another owner: registered for them, and no longer for the one before', async () => {
    const { protect, registry, map } = setup()
    await protect(photo)
    expect(await protect({ ...photo, owner: 'bob', changeOwner: true })).toMatchObject({ id: 'r2', owner: 'bob' })
    expect([...registry.keys()]).toEqual(['r2'])
    expect(map.find('/alice/1.jpg')).toMatchObject({ id: 'r2' })
  })

  test('a storage that cannot be written: nothing is left at the authorization server', async () => {
    const inner = new Map<string, string>()
    const full = () => {
      throw new Error('full')
    }
    const storage = { get: (key: string) => inner.get(key), set: full, delete: full, keys: () => inner.keys() }
    const { protect, registry } = setup(storage)
    await expect(protect(photo)).rejects.toThrow('full')
    expect(registry.size).toBe(0)
  })

  test.each<[string, object, string]>([
    ['no URL', { url: undefined }, 'url'],
    ['a URL that is none', { url: 5 }, 'url'],
    ['no owner', { owner: undefined }, 'owner'],
    ['an owner without a name', { owner: '' }, 'owner'],
    ['one scope that is no list', { scopes: 'read' }, 'scopes'],
    ['scopes that are none', { scopes: ['read', ''] }, 'scopes'],
    ['a method that no request has', { methods: { get: ['view'] } }, 'GET'],
    ['a method without a list', { methods: { GET: 'view' } }, 'methods.GET'],
    ['methods that are none', { methods: 'GET' }, 'methods'],
  ])('%s: TypeError that says so, and nothing is registered', async (_, wrong, said) => {
    const { protect, update, calls } = setup()
    const error = { name: 'TypeError', message: expect.stringContaining(said) }
    await expect(protect({ ...photo, ...wrong } as never)).rejects.toMatchObject(error)
    expect(calls).toEqual([])
    await protect(photo)
    if (!('url' in wrong)) await expect(update(photo.url, wrong as never)).rejects.toMatchObject(error)
    expect(calls).toEqual(['create'])
  })

  test('rules for all methods, and methods without a scope', async () => {
    const { protect } = setup()
    const methods = { GET: [], '*': ['write'], 'M-SEARCH': ['read'] }
    expect(await protect({ ...photo, methods, scopes: [] })).toMatchObject({ methods, scopes: ['write', 'read'] })
  })

  test.each(['/a//b', '/a/../b', '/a/*.jpg', 'a', '/a%2fb'])(
    '%s: TypeError, and nothing is registered',
    async (url) => {
      const { protect, calls } = setup()
      await expect(protect({ url, owner: 'alice' })).rejects.toThrow(TypeError)
      expect(calls).toEqual([])
    },
  )
})
