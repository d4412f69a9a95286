/** `need_info`: rounds of claims (Grant §3.3.6). */
import { describe, expect, test } from 'vitest'
import type { Claim, FlowContext, RequiredClaim } from '../../src/index.ts'
import {
  type AuthorizationServerQuirks,
  onlySubjects,
  products,
  type RequiredClaim as SentClaim,
} from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { byFetch, waysIn } from '../ways-in/kit.ts'
import { asksFor, claim, newClaims, noEndpoint, path, tokenRequests, umaRejection } from './kit.ts'

const email = {
  claim_token_format: ['http://openid.net/specs/openid-connect-core-1_0.html#IDToken'],
  claim_type: 'urn:oid:0.9.2342.19200300.100.1.3',
  friendly_name: 'email',
  issuer: ['https://example.com/idp'],
  name: 'email23423453ou453',
}

interface Asked {
  needed: RequiredClaim[]
  context: FlowContext
}

/** A claims function that remembers what it was asked. */
function supplies(...answers: (Claim | undefined)[]) {
  const asked: Asked[] = []
  const claims = async (needed: RequiredClaim[], context: FlowContext): Promise<Claim | undefined> => {
    asked.push({ needed, context })
    return answers[Math.min(asked.length, answers.length) - 1]
  }
  return { asked, claims }
}

async function asking(
  policy: ReturnType<typeof asksFor>,
  quirks: Partial<AuthorizationServerQuirks> = {},
): Promise<World> {
  return startWorld({ as: { policy, quirks: { ...noEndpoint, ...quirks } } })
}
const url = (world: World): string => world.host.origin + path

describe.each(waysIn)('$name', ({ attach }) => {
  test('G-3.3.6-c: goes on with the new ticket and the claim; the function learns what, by whom, for what and for whom', async () => {
    const world = await asking(asksFor([email]))
    const { asked, claims } = supplies(claim())
    const send = attach(world.requester({ claims, requestingParty: 'alice' }))
    expect((await send(url(world))).status).toBe(200)
    const { signal, ...context } = (asked[0] as Asked).context
    expect(context).toEqual({ requestingParty: 'alice', issuer: world.as.issuer, resource: url(world) })
    expect(signal).toBeInstanceOf(AbortSignal)
    const [first, second] = tokenRequests(world) as [URLSearchParams, URLSearchParams]
    expect([first.has('claim_token'), first.has('claim_token_format')]).toEqual([false, false])
    expect([second.get('claim_token'), second.get('claim_token_format')]).toEqual([claim().token, claim().format])
    expect(second.get('ticket')).not.toBe(first.get('ticket'))
    expect(world.as.stats.ticketsReplayed).toBe(0)
  })
})

describe('G-3.3.6-h: required_claims, whatever their shape', () => {
  const send = async (
    quirks: Partial<AuthorizationServerQuirks>,
    required: SentClaim[] = [email],
  ): Promise<RequiredClaim[]> => {
    const world = await asking(asksFor(required), quirks)
    const { asked, claims } = supplies(claim())
    expect((await byFetch.attach(world.requester({ claims }))(url(world))).status).toBe(200)
    return asked[0]?.needed as RequiredClaim[]
  }
  const sent = (body: unknown): Partial<AuthorizationServerQuirks> => ({
    errorAnswer: (answer) => ({ ...answer, body: { ...(answer.body as object), required_claims: body } }),
  })

  test('as specified: every member, and the entry as it was sent', async () => {
    expect(await send({ requiredClaimsShape: 'array' })).toEqual([{ ...email, raw: email }])
  })
  test('bare strings where there should be arrays', async () => {
    const raw = { ...email, claim_token_format: email.claim_token_format[0], issuer: email.issuer[0] }
    expect(await send({ requiredClaimsShape: 'strings' })).toEqual([{ ...email, raw }])
  })
  test('one object with nested arrays instead of a list (older SolidLab)', async () => {
    const [needed, ...more] = await send({ requiredClaimsShape: 'object' })
    expect(more).toEqual([])
    expect(needed?.claim_token_format).toEqual(email.claim_token_format)
    expect(needed?.raw).toEqual({ claim_token_format: [email.claim_token_format] })
  })
  test('several entries, unknown members kept in `raw` only', async () => {
    const needed = await send(sent([email, { resource_scopes: ['urn:x'], derivation_resource_id: 'r' }]))
    expect(needed).toEqual([
      { ...email, raw: email },
      { raw: { resource_scopes: ['urn:x'], derivation_resource_id: 'r' } },
    ])
  })
  test.each([
    ['a list of strings', ['urn:f'], [{ claim_token_format: ['urn:f'], raw: 'urn:f' }]],
    ['a string', 'urn:f', [{ claim_token_format: ['urn:f'], raw: 'urn:f' }]],
    [
      'members of the wrong type',
      [{ name: 7, issuer: [1, 'https://i', null], claim_type: {} }],
      [{ issuer: ['https://i'], raw: { name: 7, issuer: [1, 'https://i', null], claim_type: {} } }],
    ],
    ['null among them', [null, { name: 'n' }], [{ raw: null }, { name: 'n', raw: { name: 'n' } }]],
  ])('%s', async (_what, body, expected) => {
    expect(await send(sent(body))).toEqual(expected)
  })
  test('SolidLab as a whole: no `error` member, formats as strings', async () => {
    expect(await send({ ...products.solidlab, permissionForm: 'both' })).toHaveLength(1)
  })
})

describe('what is pushed', () => {
  test.each([
    [
      'a webid, percent-encoded by its format',
      {
        token: 'https%3A%2F%2Falice.example%2Fcard%23me:https%3A%2F%2Fapp',
        format: 'urn:solidlab:uma:claims:formats:webid',
      },
    ],
    ['padding, plus and slash', { token: 'e+/e==', format: 'urn:x y&z=1' }],
    ['JSON', { token: '{"a":"ü & =+%20"}', format: 'application/json' }],
  ])('G-3.3.1-c, G-3.3.1-d: %s, sent exactly as given, both together', async (_what, given) => {
    const world = await asking(asksFor([email]))
    expect((await byFetch.attach(world.requester({ claims: () => given }))(url(world))).status).toBe(200)
    const form = tokenRequests(world)[1] as URLSearchParams
    expect([form.getAll('claim_token'), form.getAll('claim_token_format')]).toEqual([[given.token], [given.format]])
  })

  test('several rounds: each time what was asked for then, with the ticket that came with the question', async () => {
    const world = await asking(asksFor([email], [{ name: 'age' }], [{ name: 'purpose' }]))
    const answers = [claim('a'), claim('b', 'urn:second'), claim('c')]
    const { asked, claims } = supplies(...answers)
    expect((await byFetch.attach(world.requester({ claims }))(url(world))).status).toBe(200)
    expect(asked.map(({ needed }) => needed[0]?.name)).toEqual(['email23423453ou453', 'age', 'purpose'])
    const forms = tokenRequests(world)
    expect(forms.map((form) => form.get('claim_token'))).toEqual([null, ...answers.map(({ token }) => token)])
    expect(new Set(forms.map((form) => form.get('ticket'))).size).toBe(4)
    expect(world.as.stats.ticketsReplayed).toBe(0)
  })

  test('rpt, scope and extra parameters go with every round', async () => {
    const world = await asking(asksFor())
    const send = byFetch.attach(world.requester({ claims: newClaims() }, { parameters: { audience: 'x' } }))
    expect((await send(url(world))).status).toBe(200)
    world.recorder.clear()
    world.as.policy = asksFor([email], [email])
    expect(
      (await send(`${world.host.origin}/alice/2.jpg`, { uma: { scope: 'write', parameters: { mine: 'y' } } })).status,
    ).toBe(200)
    const facts = tokenRequests(world).map((form) => ['scope', 'audience', 'mine'].map((name) => form.get(name)))
    expect(facts).toEqual([1, 2, 3].map(() => ['write', 'x', 'y']))
    expect(new Set(tokenRequests(world).map((form) => form.get('rpt'))).size).toBe(1)
    expect(tokenRequests(world)[0]?.get('rpt')?.length).toBeGreaterThan(10)
  })

  test.each([undefined, null])('%s means cannot: NeedInfoError that says what was asked for', async (nothing) => {
    const world = await asking(asksFor([email]))
    const error = await umaRejection(
      byFetch.attach(world.requester({ claims: () => nothing as undefined }))(url(world)),
    )
    expect(error).toMatchObject({
      name: 'NeedInfoError',
      code: 'need_info',
      issuer: world.as.issuer,
      requiredClaims: [{ friendly_name: 'email' }],
    })
    expect(world.as.stats.tokenRequests).toBe(1)
  })
})

describe("pushClaims: 'first' (WSO2, SolidLab)", () => {
  const quirks = { ...products.wso2, ...noEndpoint }
  test('asked with an empty list before round 1; one token request is enough', async () => {
    const world = await asking(onlySubjects(['alice']), quirks)
    const { asked, claims } = supplies(claim())
    expect((await byFetch.attach(world.requester({ claims }, { pushClaims: 'first' }))(url(world))).status).toBe(200)
    expect(asked.map(({ needed }) => needed)).toEqual([[]])
    expect(tokenRequests(world).map((form) => form.get('claim_token'))).toEqual([claim().token])
  })
  test('nothing to push: the request goes without, and is refused', async () => {
    const world = await asking(onlySubjects(['alice']), quirks)
    const error = await umaRejection(
      byFetch.attach(world.requester({ claims: () => undefined }, { pushClaims: 'first' }))(url(world)),
    )
    expect(error.code).toBe('invalid_grant')
  })
  test('asked again, with a list, when it was not enough', async () => {
    const world = await asking(asksFor([email]), quirks)
    const { asked, claims } = supplies(claim('first'), claim('second'))
    expect((await byFetch.attach(world.requester({ claims }, { pushClaims: 'first' }))(url(world))).status).toBe(200)
    expect(asked.map(({ needed }) => needed.length)).toEqual([0, 1])
    expect(tokenRequests(world).map((form) => form.get('claim_token'))).toEqual([
      claim('first').token,
      claim('second').token,
    ])
  })
  test("'asked', the default: nothing is pushed unasked (G-5.7-a)", async () => {
    const world = await asking(asksFor())
    const { asked, claims } = supplies(claim())
    expect((await byFetch.attach(world.requester({ claims }))(url(world))).status).toBe(200)
    expect([asked.length, tokenRequests(world)[0]?.has('claim_token')]).toEqual([0, false])
  })
})

describe('rounds are bounded', () => {
  const never = () => ({ needInfo: { requiredClaims: [{ name: 'more' }] } })
  test.each([
    [undefined, 5],
    [2, 2],
    [0, 0],
  ])('maxRounds %s: claims are pushed %i times, and not asked for once more', async (maxRounds, pushed) => {
    const world = await asking(never)
    const next = newClaims()
    const { asked, claims } = supplies(...Array.from({ length: 9 }, next))
    const error = await umaRejection(
      byFetch.attach(world.requester({ claims, ...(maxRounds !== undefined && { maxRounds }) }))(url(world)),
    )
    expect(error.code).toBe('need_info')
    expect(tokenRequests(world).filter((form) => form.has('claim_token')).length).toBe(pushed)
    expect(world.as.stats.tokenRequests).toBe(pushed + 1)
    // Claims are personal: what will not be sent is not asked for (G-6.2-a).
    expect(asked.length).toBe(pushed)
  })
})

test('G-5.7-a: claims asked for by an issuer that is not configured: the function is not even called', async () => {
  const world = await asking(asksFor([email]))
  const { asked, claims } = supplies(claim())
  const send = byFetch.attach(world.requester({ claims }, { issuer: 'https://as.example.com', pushClaims: 'first' }))
  expect((await umaRejection(send(url(world)))).code).toBe('untrusted_authorization_server')
  expect(asked).toEqual([])
  expect(world.sent().filter((r) => r.server === 'as')).toEqual([])
})

test('nor by a configured issuer for a host that it may not speak for', async () => {
  const world = await asking(asksFor([email]))
  const { asked, claims } = supplies(claim())
  const send = byFetch.attach(
    world.requester({ claims }, { hosts: ['https://photos.example.com'], pushClaims: 'first' }),
  )
  expect((await umaRejection(send(url(world)))).code).toBe('untrusted_authorization_server')
  expect(asked).toEqual([])
})
