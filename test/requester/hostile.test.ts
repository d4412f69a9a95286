/** Hostile hosts: no token, ticket, credential or claim at an origin that it does not belong to, and no ticket spent for it. */
import { describe, expect, test } from 'vitest'
import { clientSecretBasic, type RequesterOptions } from '../../src/index.ts'
import { startHost } from '../helpers/host.ts'
import { startWorld, type World, type WorldOptions } from '../helpers/world.ts'
import { byFetch, rejection, responseOf, type Send, umaErrorOf, umaRejection, waysIn } from '../ways-in/kit.ts'
import { rptAt, second } from './kit.ts'

const path = '/alice/1.jpg'
const marked = { secret: 'web-secret', claim: Buffer.from('{"sub":"marked-claim"}').toString('base64url') }

/** A client with a secret and a claim to lose. */
async function cast(
  attach = byFetch.attach,
  options: WorldOptions = {},
  more: Partial<RequesterOptions> = {},
  server: object = {},
): Promise<{ world: World; send: Send }> {
  const world = await startWorld(options)
  const send = attach(
    world.requester(
      { claims: () => ({ token: marked.claim, format: 'urn:test:json' }), ...more },
      { client: { id: 'web', auth: clientSecretBasic(marked.secret) }, pushClaims: 'first', ...server },
    ),
  )
  return { world, send }
}

describe.each(waysIn)('$name', ({ attach }) => {
  test('a host names an AS of its own: nothing is ever sent to it', async () => {
    const evil = await second()
    const { world, send } = await cast(attach, {
      host: { quirks: { challenge: ({ ticket }) => `UMA as_uri="${evil.issuer}", ticket="${ticket}"` } },
    })
    const failure = await rejection(send(world.host.origin + path))
    expect(umaErrorOf(failure)).toMatchObject({
      name: 'UntrustedAuthorizationServerError',
      code: 'untrusted_authorization_server',
    })
    expect(await responseOf(failure)).toEqual({ status: 401, text: '{"error":"protected"}' })
    expect(world.lines()).toEqual([`GET host ${path} 401`])
    expect(evil.recorder.requests).toEqual([])
    expect(world.events).toEqual([
      { type: 'challenge-refused', resource: world.host.origin + path, issuer: evil.issuer, reason: 'issuer' },
    ])
  })

  test("a host relays another host's challenge (G-5.2-d): refused by `hosts`", async () => {
    const { world, send } = await cast(attach)
    const evil = await startHost({ authorizationServer: world.as, label: 'evil', recorder: world.recorder })
    evil.quirks.challenge = () => {
      const ticket = world.as.issueTicket([{ resource_id: 'r', resource_scopes: ['read'] }], world.host.clientId)
      return `UMA as_uri="${world.as.issuer}", ticket="${ticket}"`
    }
    const failure = await rejection(send(evil.origin + path))
    expect(umaErrorOf(failure)).toMatchObject({ code: 'untrusted_authorization_server', issuer: world.as.issuer })
    expect(world.as.stats).toMatchObject({ tokenRequests: 0, discoveryRequests: 0 })
    for (const secret of Object.values(marked)) expect(world.recorder.containing(secret)).toEqual([])
    expect(world.events.at(-1)).toMatchObject({ type: 'challenge-refused', reason: 'host' })
    await evil.close()
  })

  test('an RPT is never presented at another host of the same AS (G-5.2-d)', async () => {
    const { world, send } = await cast(attach, {}, {}, { hosts: 'any' })
    const other = await startHost({ authorizationServer: world.as, label: 'other', recorder: world.recorder })
    await send(world.host.origin + path)
    const rpt = rptAt(world, path) as string
    await send(other.origin + path)
    expect(world.recorder.containing(rpt).filter((r) => r.server === 'other')).toEqual([])
    await other.close()
  })
})

test("hosts: 'any': what can happen - the relayed challenge is acted upon, and the evil host is handed the RPT", async () => {
  const { world, send } = await cast(byFetch.attach, {}, {}, { hosts: 'any' })
  const evil = await startHost({ authorizationServer: world.as, label: 'evil', recorder: world.recorder })
  const id = await world.host.resourceId(path)
  evil.quirks.challenge = () =>
    `UMA as_uri="${world.as.issuer}", ticket="${world.as.issueTicket([{ resource_id: id, resource_scopes: ['read'] }], world.host.clientId)}"`
  await send(evil.origin + path).catch(() => {})
  const stolen = world.recorder.to('evil').at(-1)?.headers.authorization?.slice(7) as string
  expect(world.as.grants(stolen)).toMatchObject([{ resource_id: id }])
  await evil.close()
})

describe('challenges that are none', () => {
  test.each([
    ["in another scheme's challenge", (as: string, t: string) => `UMA as_uri="${as}", Bearer ticket="${t}"`],
    ['as_uri and ticket in two challenges', (as: string, t: string) => `UMA as_uri="${as}", UMA ticket="${t}"`],
    [
      'inside a quoted string',
      (as: string, t: string) => `Bearer realm="x, UMA as_uri=\\"${as}\\", ticket=\\"${t}\\""`,
    ],
    ['no ticket', (as: string) => `UMA as_uri="${as}"`],
    ['an empty ticket', (as: string) => `UMA as_uri="${as}", ticket=""`],
    ['no as_uri', (_as: string, t: string) => `UMA realm="x", ticket="${t}"`],
    ['duplicates that conflict', (as: string, t: string) => `UMA as_uri="${as}", ticket="${t}", ticket="other"`],
    [
      'an as_uri that conflicts',
      (as: string, t: string) => `UMA as_uri="${as}", as_uri="https://evil.example", ticket="${t}"`,
    ],
    ['nothing but noise', () => `${','.repeat(9000)}"\\`],
  ])('%s: the untouched response', async (_what, challenge) => {
    const { world, send } = await cast(byFetch.attach, {
      host: { quirks: { challenge: ({ asUri, ticket }) => challenge(asUri, ticket) } },
    })
    expect(await send(world.host.origin + path)).toEqual({ status: 401, text: '{"error":"protected"}' })
    expect(world.lines()).toEqual([`GET host ${path} 401`])
  })

  test('two headers, the second usable', async () => {
    const { world, send } = await cast(byFetch.attach, { host: { quirks: { challengeStyle: 'axiam' } } })
    expect((await send(world.host.origin + path)).status).toBe(200)
  })

  test.each([
    '/as',
    'as.example.com',
    '//as.example.com',
    'javascript:alert(1)',
    'https://user:pw@as.example.com',
    'https://as.example.com/#x',
    'not a url',
    'http://as.example.com',
  ])('as_uri %j: a typed error, nothing sent', async (asUri) => {
    const { world, send } = await cast(byFetch.attach, {
      host: { quirks: { challenge: ({ ticket }) => `UMA as_uri="${asUri}", ticket="${ticket}"` } },
    })
    expect((await umaRejection(send(world.host.origin + path))).code).toBe('untrusted_authorization_server')
    expect(world.lines()).toEqual([`GET host ${path} 401`])
  })

  test('an untrusted challenge beside a trusted one: the trusted one is acted upon', async () => {
    const { world, send } = await cast(byFetch.attach, {
      host: { quirks: { challenge: ({ usual }) => ['UMA as_uri="https://evil.example", ticket="x"', String(usual)] } },
    })
    expect((await send(world.host.origin + path)).status).toBe(200)
  })

  test('on 2xx it is never processed (G-3.2.1-c); on 403 it is', async () => {
    const { world, send } = await cast(byFetch.attach)
    world.host.quirks.challengeStatus = 403
    expect((await send(world.host.origin + path)).status).toBe(200)
    world.recorder.clear()
    world.host.quirks.challenge = ({ usual }) => ({ status: 206, headers: { 'www-authenticate': usual }, body: 'part' })
    expect(await send(`${world.host.origin}/alice/2.jpg`)).toEqual({ status: 206, text: 'part' })
    expect(world.lines()).toEqual(['GET host /alice/2.jpg 206'])
  })
})
