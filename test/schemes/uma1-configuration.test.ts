/** The configuration of UMA 1, and registration (UMA 1.0.1 core §1.4). */

import { describe, expect, test } from 'vitest'
import { dynamicClient } from '../../src/client/dynamic.ts'
import { uma1 } from '../../src/schemes/uma1.ts'
import { jsonOf, name, REDIRECT_URI, startAmWorld, umaRejection } from './kit.ts'
import { cast } from './uma1-kit.ts'

describe('dynamic_client_endpoint', () => {
  const register = { client_name: 'Photos', redirect_uris: [REDIRECT_URI] }

  test('registers, once', async () => {
    const world = await startAmWorld('1.0.1')
    const requester = world.requester(uma1(), {}, { client: dynamicClient(register) })
    for (const path of [name, '/alice/1.jpg'])
      expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    expect(world.to('/register').map(jsonOf)).toEqual([expect.objectContaining(register)])
  })

  test.each([
    [true, 'found where OpenID Connect says'],
    [false, 'not found'],
  ])('openid: %s', async (there) => {
    const world = await startAmWorld('1.0.1')
    world.am.quirks.configuration = (document) => ({ ...document, dynamic_client_endpoint: 'openid' })
    const { issuer } = world.am
    const found = {
      issuer,
      token_endpoint: `${issuer}/token`,
      ...(there && { registration_endpoint: `${issuer}/register` }),
    }
    world.am.quirks.answer = (_usual, { path }) =>
      path === '/.well-known/openid-configuration' ? { status: 200, body: found } : undefined
    const sent = world.requester(uma1(), {}, { client: dynamicClient(register) }).fetch(world.host.origin + name)
    if (there) expect((await sent).status).toBe(200)
    else expect((await umaRejection(sent)).code).toBe('discovery_failed')
    expect(world.to('/register').length).toBe(there ? 1 : 0)
  })
})

describe('the configuration', () => {
  test.each([
    [
      'Universal Money Address (G-2-h)',
      () => ({ umaMajorVersions: [0, 1], uma_request_endpoint: 'https://vasp.example' }),
    ],
    ['of another issuer', (document: object) => ({ ...document, issuer: 'https://other.example' })],
    ['of another version', (document: object) => ({ ...document, version: '2.0' })],
    ['without rpt_endpoint', ({ rpt_endpoint, ...rest }: Record<string, unknown>) => rest],
  ])('%s: nothing more is sent there', async (_what, configuration) => {
    const { world, get } = await cast({ quirks: { configuration } })
    expect((await umaRejection(get())).code).toBe('discovery_failed')
    expect(world.lines()).toEqual([`GET host ${name} 401`, 'GET am /.well-known/uma-configuration 200'])
  })
})
