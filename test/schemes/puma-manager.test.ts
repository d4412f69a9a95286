/** Puma gets to know an authorization manager: discovery, registration, the AAT (P-3 to P-5). */

import { describe, expect, test } from 'vitest'
import { dynamicClient } from '../../src/client/dynamic.ts'
import { puma } from '../../src/schemes/puma.ts'
import {
  jsonOf,
  managersPerson,
  name,
  programs,
  queryOf,
  REDIRECT_URI,
  shown,
  startAmWorld,
  umaRejection,
} from './kit.ts'

const ticketPath = '/api/uma/permissions_grant/ticket'

describe('P-3 discovery', () => {
  test('once per manager', async () => {
    const world = await startAmWorld('puma')
    const requester = world.requester(puma())
    for (const path of [name, '/api/people/alice/address']) await requester.fetch(world.host.origin + path)
    expect(world.to('/.well-known/uma-configuration').length).toBe(1)
  })

  test.each([
    ['of another issuer', (document: object) => ({ ...document, issuer: 'http://127.0.0.1:1' })],
    ['Universal Money Address (G-2-h)', () => ({ umaMajorVersions: [0, 1] })],
    ['of UMA 1.0', ({ requester_token_endpoint, ...rest }: Record<string, unknown>) => rest],
  ])('a configuration %s: nothing more is sent there', async (_what, configuration) => {
    const world = await startAmWorld('puma', { am: { quirks: { configuration } } })
    expect((await umaRejection(world.requester(puma()).fetch(world.host.origin + name))).code).toBe('discovery_failed')
    expect(programs(world)).toEqual([`GET host ${name} 401`, 'GET am /.well-known/uma-configuration 200'])
  })
})

describe('P-4 registration', () => {
  const register = {
    client_name: 'Puma Requester One',
    client_uri: 'https://pumarequesterone.appspot.com',
    client_description: 'Puma, Requester One.',
    redirect_uris: [REDIRECT_URI],
  }

  test('once, in the form of the draft', async () => {
    const world = await startAmWorld('puma')
    const requester = world.requester(puma(), {}, { client: dynamicClient(register) })
    for (const path of [name, '/api/people/alice/address'])
      expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    const sent = world.to('/api/oc/register')
    expect(sent.map(jsonOf)).toEqual([
      {
        type: 'push',
        client_name: 'Puma Requester One',
        client_url: 'https://pumarequesterone.appspot.com',
        client_description: 'Puma, Requester One.',
        client_icon: '',
        redirect_url: REDIRECT_URI,
      },
    ])
    expect(sent[0]?.headers['content-type']).toBe('application/json')
  })

  test('another form', async () => {
    const world = await startAmWorld('puma')
    const registration = () => ({
      type: 'push',
      client_name: 'n',
      client_url: 'u',
      redirect_url: REDIRECT_URI,
      extra: 1,
    })
    const requester = world.requester(puma({ registration }), {}, { client: dynamicClient(register) })
    expect((await requester.fetch(world.host.origin + name)).status).toBe(200)
    expect(world.to('/api/oc/register').map(jsonOf)).toEqual([registration()])
  })

  test('refused: its own code', async () => {
    const world = await startAmWorld('puma')
    const requester = world.requester(puma({ registration: () => ({}) }), {}, { client: dynamicClient(register) })
    expect((await umaRejection(requester.fetch(world.host.origin + name))).code).toBe('invalid_request')
  })
})

describe('P-5 the AAT', () => {
  test.each([true, false])(
    'a code flow, our state in the redirect URI (the manager echoes it besides: %s)',
    async (echoState) => {
      const world = await startAmWorld('puma', { am: { quirks: { echoState } } })
      const alice = managersPerson()
      expect((await world.requester(puma(), { onRedirect: alice }).fetch(world.host.origin + name)).status).toBe(200)
      const { client_id, response_type, redirect_uri = '', state, scope } = queryOf({ path: alice.asked[0]?.url ?? '' })
      expect({ client_id, response_type, scope }).toEqual({
        client_id: 'photo-app',
        response_type: 'code',
        scope: undefined,
      })
      expect(redirect_uri).toBe(`${REDIRECT_URI}?state=${state}`)
      const form = new URLSearchParams(world.to('/oauth/token')[0]?.body.toString())
      expect([form.get('grant_type'), form.get('redirect_uri')]).toEqual(['authorization_code', redirect_uri])
    },
  )

  test('ended: refreshed, or obtained anew', async () => {
    for (const issueRefreshToken of [true, false]) {
      const world = await startAmWorld('puma', { am: { quirks: { issueRefreshToken } } })
      const requester = world.requester(puma())
      await requester.fetch(world.host.origin + name)
      world.am.expireAats()
      world.recorder.clear()
      expect((await requester.fetch(`${world.host.origin}/api/people/alice/address`)).status).toBe(200)
      expect(shown(world)).toEqual(issueRefreshToken ? ['/claims'] : ['/oauth/authorize', '/claims'])
      expect(new Set(world.to(ticketPath).map((request) => jsonOf(request).ticket)).size).toBe(1)
    }
  })

  test.each([undefined, 'artifact', 'Artifact', 'bearer'])('token_type %s: used as Bearer', async (tokenType) => {
    const world = await startAmWorld('puma', { am: { quirks: { tokenType } } })
    expect((await world.requester(puma()).fetch(world.host.origin + name)).status).toBe(200)
  })

  test('another token_type is not used', async () => {
    const world = await startAmWorld('puma', { am: { quirks: { tokenType: 'mac' } } })
    await umaRejection(world.requester(puma()).fetch(world.host.origin + name))
    expect(programs(world).at(-1)).toBe('POST am /oauth/token 200')
  })

  test('a state that is not ours: no code is redeemed', async () => {
    const world = await startAmWorld('puma')
    const onRedirect = async () => `${REDIRECT_URI}?code=stolen&state=other`
    await umaRejection(world.requester(puma(), { onRedirect }).fetch(world.host.origin + name))
    expect(world.to('/oauth/token')).toEqual([])
  })
})
