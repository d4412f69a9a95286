/** Several hosts of one authorization server that keep things in one storage. */

import { describe, expect, test } from 'vitest'
import { clientSecretBasic } from '../../src/authorization-server/client-authentication.ts'
import { createHost, type Host } from '../../src/host/index.ts'
import type { HostOptions } from '../../src/host/types.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { resourceServerClient } from '../helpers/authorization-server.ts'
import { get, hosted } from './hosted.ts'

const path = '/alice/1.jpg'
const register = { client_name: 'A host', grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }
const registering = { register: { ...register, scope: 'uma_protection' } }

/** Two hosts that protect the same path; `rpt` opens it at the first. */
async function two(first: Partial<HostOptions>, second: Partial<HostOptions>) {
  const storage = new Map<string, string>()
  const kit = await hosted({ host: { ...first, storage: keyValueStorage(storage) } })
  await kit.as.addClient(resourceServerClient('bank', 'bank-secret'))
  const other = createHost({
    issuer: kit.as.issuer,
    client: { id: 'bank', auth: clientSecretBasic('bank-secret') },
    ...second,
    storage: keyValueStorage(storage),
  })
  const photos = await kit.host.protect({ url: path, owner: 'alice' })
  const bank = await other.protect({ url: path, owner: 'alice' })
  return { ...kit, other, photos, bank, rpt: await kit.tokenFor(path), storage }
}

const open = async (host: Host, token: string) => (await host.guard(() => new Response())(get(path, token))).status

describe.each<[string, Partial<HostOptions>, Partial<HostOptions>]>([
  ['configured clients', {}, {}],
  ['one that is configured, one that registers itself', {}, { client: registering }],
  [
    'that register themselves under names',
    { client: registering, name: 'photos' },
    { client: registering, name: 'bank' },
  ],
  ['that register themselves, one without a name', { client: registering }, { client: registering, name: 'bank|x' }],
])('F-3-a, F-1.3-d: two hosts, %s', (_, first, second) => {
  test('a registration each, and a token for one does not open the other', async () => {
    const { as, host, other, photos, bank, rpt } = await two(first, second)
    expect(photos.id).not.toBe(bank.id)
    expect(new Set([...as.resources.values()].map(({ resourceServer }) => resourceServer)).size).toBe(2)
    expect(await open(host, rpt)).toBe(200)
    expect(await open(other, rpt)).toBe(401)
  })

  test('ending the protection at one leaves the other protected', async () => {
    const { as, host, other, bank } = await two(first, second)
    await host.unprotect(path)
    expect(await host.resourceAt(path)).toBeUndefined()
    expect(await other.resourceAt(path)).toMatchObject({ id: bank.id })
    expect([...as.resources.keys()]).toEqual([bank.id])
  })
})

test('a process that starts finds what its host has protected, and nothing else', async () => {
  const { another, photos, storage, as } = await two({}, {})
  expect(await another().resources()).toMatchObject([{ id: photos.id }])
  const third = createHost({ issuer: as.issuer, client: { id: 'third' }, storage: keyValueStorage(storage) })
  expect(await third.resources()).toEqual([])
})
