/** What becomes of resources that are protected already. */
import { describe, expect, test } from 'vitest'
import { photo, setup } from './resources-kit.ts'

describe('update, unprotect', () => {
  test('F-3.2.3: what is not mentioned stays', async () => {
    const { protect, update, registry } = setup()
    await protect({ ...photo, name: 'Old', type: 'photo', scopes: ['print'], more: { 'name#de': 'Alt' } })
    await update(photo.url, { name: 'New' })
    expect(registry.get('r1')?.description).toEqual({
      name: 'New',
      'name#de': 'Alt',
      type: 'photo',
      resource_scopes: ['print', 'read', 'write'],
    })
    await expect(update('/alice/2.jpg', { name: 'x' })).rejects.toThrow(TypeError)
  })

  test('F-3.2.4, F-3-a: the protection ends at both ends; 404 is as good', async () => {
    const { protect, unprotect, registry, map, events } = setup()
    await protect(photo)
    await unprotect(photo.url)
    expect(registry.size).toBe(0)
    expect(map.find('/alice/1.jpg')).toBeUndefined()
    expect(events.at(-1)).toEqual({ type: 'deregistered', resource: 'r1', owner: 'alice' })
    await unprotect(photo.url)
    await protect(photo)
    registry.clear()
    await unprotect(photo.url)
    expect(map.find('/alice/1.jpg')).toBeUndefined()
  })

  test('the authorization server fails: it stays protected', async () => {
    const { protect, unprotect, map, behaviour } = setup()
    await protect({ url: '/:owner/x', owner: 'alice' })
    behaviour.fail = true
    await expect(unprotect('/:any/x')).rejects.toMatchObject({ status: 500 })
    expect(map.find('/bob/x')).toBeDefined()
    behaviour.fail = false
    await unprotect('/:/x')
    expect(map.find('/bob/x')).toBeUndefined()
  })
})

describe('an owner who does not agree any more', () => {
  test('F-3-a: what goes to another owner is theirs all the same, and what stays behind is told', async () => {
    const { protect, behaviour, registry, map, events } = setup()
    await protect(photo)
    behaviour.gone.add('alice')
    const resource = await protect({ ...photo, owner: 'bob', changeOwner: true })
    expect(resource).toMatchObject({ id: 'r2', owner: 'bob' })
    expect(map.find(photo.url)).toMatchObject({ id: 'r2' })
    expect(registry.has('r1')).toBe(true)
    expect(events.at(-1)).toEqual({ type: 'deregistration-failed', resource: 'r1', owner: 'alice' })
    expect(await protect({ ...photo, owner: 'bob', changeOwner: true })).toMatchObject({ id: 'r2' })
  })

  test('F-3-a: what cannot be read in the storage: its protection does not end by itself', async () => {
    const { protect, start, storage } = setup()
    await protect(photo)
    storage.set(`host:resource:${photo.url}`, '{')
    const { unprotect, map } = start()
    await expect(unprotect(photo.url)).rejects.toThrow('cannot be read')
    await unprotect(photo.url, { locally: true })
    expect(await map.find(photo.url)).toBeUndefined()
    await unprotect(photo.url)
  })

  test('F-3-a: what is theirs stays protected, unless its protection is to end here alone', async () => {
    const { protect, unprotect, behaviour, registry, map, calls } = setup()
    await protect(photo)
    behaviour.gone.add('alice')
    await expect(unprotect(photo.url)).rejects.toMatchObject({ code: 'interaction_required' })
    expect(map.find(photo.url)).toBeDefined()
    calls.length = 0
    await unprotect(photo.url, { locally: true })
    expect(map.find(photo.url)).toBeUndefined()
    expect([registry.has('r1'), calls]).toEqual([true, []])
  })
})

describe('F-3.2.5: synchronise', () => {
  test('recreates what is missing, reports what is not known, touches nothing else', async () => {
    const { protect, synchronise, registry, map, calls } = setup()
    for (const n of [1, 2, 3]) await protect({ url: `/alice/${n}.jpg`, owner: 'alice', name: `photo ${n}` })
    await protect({ url: '/bob/1.jpg', owner: 'bob' })
    registry.delete('r2')
    registry.set('stray', { owner: 'alice', description: { resource_scopes: [] } })
    calls.length = 0
    const found = await synchronise()
    expect(found.kept.map(({ id }) => id)).toEqual(['r1', 'r3', 'r4'])
    expect(found.recreated).toMatchObject([{ id: 'r5', pattern: '/alice/2.jpg', name: 'photo 2' }])
    expect(found.unknown).toEqual([{ owner: 'alice', id: 'stray' }])
    expect(map.find('/alice/2.jpg')).toMatchObject({ id: 'r5' })
    expect(registry.has('stray')).toBe(true)
    expect(calls).toEqual(['list alice', 'create', 'list bob'])
    expect((await synchronise('bob')).kept).toHaveLength(1)
    expect((await synchronise()).recreated).toEqual([])
  })

  test('an owner without consent: the others are synchronised; of one who was asked for it is said', async () => {
    const { protect, synchronise, registry, behaviour } = setup()
    for (const owner of ['alice', 'bob', 'carol']) await protect({ url: `/${owner}/*`, owner })
    registry.clear()
    behaviour.gone.add('alice')
    const { recreated, failed } = await synchronise()
    expect(recreated.map(({ owner }) => owner)).toEqual(['bob', 'carol'])
    expect(failed).toEqual([{ owner: 'alice', error: expect.objectContaining({ code: 'interaction_required' }) }])
    await expect(synchronise('alice')).rejects.toMatchObject({ code: 'interaction_required' })
    expect((await synchronise('bob')).failed).toEqual([])
  })

  test('what is protected meanwhile, here or in another process, is not unknown', async () => {
    const { protect, synchronise, start, behaviour } = setup()
    await protect(photo)
    behaviour.listing = 30
    const [found] = await Promise.all([
      synchronise(),
      protect({ url: '/alice/2.jpg', owner: 'alice' }),
      start().protect({ url: '/alice/3.jpg', owner: 'alice' }),
    ])
    expect([found.unknown, found.kept.length]).toEqual([[], 1])
  })

  test('resources of one owner, and of all', async () => {
    const { protect, resources } = setup()
    await protect(photo)
    await protect({ url: '/bob/*', owner: 'bob' })
    expect((await resources('bob')).map(({ pattern }) => pattern)).toEqual(['/bob/*'])
    expect(await resources()).toHaveLength(2)
  })
})
