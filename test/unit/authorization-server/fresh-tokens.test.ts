/** Tokens that are refreshed: each way that a refresh can end. */
import { describe, expect, test } from 'vitest'
import { inTurn } from '../../../src/async/in-turn.ts'
import {
  type FreshTokens,
  freshTokens,
  isRefusal,
  type KeptTokens,
  type TokenKeeper,
} from '../../../src/authorization-server/fresh-tokens.ts'
import type { Tokens } from '../../../src/authorization-server/tokens.ts'
import {
  DiscoveryError,
  InteractionRequiredError,
  InvalidTokenResponseError,
  TokenRequestError,
  UmaTimeoutError,
} from '../../../src/errors/index.ts'
import { issuer, outcomeOf } from './kit.ts'

const ended: KeptTokens = { accessToken: 'old', refreshToken: 'r1', expiresAt: 1, idToken: 'id', scope: 'read' }

/** A keeper with one record; `log` is the order of events. */
function keep(
  kept: KeptTokens | undefined,
  refresh?: (tokens: Tokens) => Promise<Tokens>,
  more: Partial<TokenKeeper> = {},
) {
  const state = { kept, signedOut: false }
  const log: string[] = []
  const lock = inTurn()
  const keeper: TokenKeeper = {
    read: async () => state.kept,
    async write(tokens) {
      if (state.signedOut) return false
      log.push(`write ${tokens ? `${tokens.accessToken}/${tokens.refreshToken ?? '-'}` : 'nothing'}`)
      state.kept = tokens
      return true
    },
    ...(refresh && {
      async refresh(tokens) {
        log.push(`send ${tokens.refreshToken}`)
        return refresh(tokens)
      },
    }),
    lock: (task) => lock('tokens', task),
    isEnded: ({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt <= Date.now(),
    ...more,
  }
  return { keeper, state, log, get: () => freshTokens(keeper) }
}

const requestError = (code: string, reason?: string) => new TokenRequestError('refused', { code, issuer, reason })
const failing = (error: unknown) => async (): Promise<Tokens> => {
  throw error
}

describe('nothing to do', () => {
  test('there are no tokens', async () => {
    expect(await keep(undefined).get()).toEqual({ kind: 'none' })
  })

  test('they have not ended', async () => {
    const { get, log } = keep({ accessToken: 'good' })
    expect([await get(), log]).toEqual([{ kind: 'held', tokens: { accessToken: 'good' } }, []])
  })
})

describe('refreshed', () => {
  test('the refresh token is stored as used before it is sent', async () => {
    const { get, log, state } = keep(ended, async () => ({ accessToken: 'new', refreshToken: 'r2', expiresAt: 2e13 }))
    const tokens = { accessToken: 'new', refreshToken: 'r2', expiresAt: 2e13, idToken: 'id', scope: 'read' }
    expect(await get()).toEqual({ kind: 'refreshed', tokens })
    expect(log).toEqual(['write old/-', 'send r1', 'write new/r2'])
    expect(state.kept).toEqual(tokens)
  })

  test('without a new refresh token, the old one stays; without an expiry, the old expiry does not', async () => {
    const { get, state } = keep(ended, async () => ({ accessToken: 'new', refreshToken: undefined }))
    await get()
    expect(state.kept).toEqual({ accessToken: 'new', refreshToken: 'r1', idToken: 'id', scope: 'read' })
    expect(await get()).toMatchObject({ kind: 'held' })
  })

  test('once for all who ask at the same time', async () => {
    const { get, log } = keep(ended, async () => ({ accessToken: 'new' }))
    const results: FreshTokens[] = await Promise.all([get(), get(), get()])
    expect(results.map(({ kind }) => kind)).toEqual(['refreshed', 'held', 'held'])
    expect(log.filter((line) => line.startsWith('send'))).toEqual(['send r1'])
  })

  test('signed out while others had their turn: nobody is signed in', async () => {
    const { keeper, state, log, get } = keep(ended, async () => ({ accessToken: 'new' }))
    let open = (): void => {}
    void keeper.lock(() => new Promise<void>((resolve) => (open = resolve)))
    const result = get()
    await Promise.resolve()
    state.kept = undefined
    open()
    expect([await result, log]).toEqual([{ kind: 'none' }, []])
  })
})

describe('signed out meanwhile', () => {
  test('before the refresh token is sent: it is not sent', async () => {
    const { get, log, state } = keep(ended, async () => ({ accessToken: 'new' }))
    state.signedOut = true
    expect([await get(), log]).toEqual([{ kind: 'none' }, []])
  })

  test('S7: during the refresh: the new tokens are to be revoked, and are not kept', async () => {
    const kit = keep(ended, async () => {
      kit.state.signedOut = true
      kit.state.kept = undefined
      return { accessToken: 'new', refreshToken: 'r2' }
    })
    const { get, state } = kit
    expect(await get()).toEqual({ kind: 'signed-out', tokens: { accessToken: 'new', refreshToken: 'r2' } })
    expect(state.kept).toBeUndefined()
  })
})

describe('dropped', () => {
  test.each([
    ['no refresh token', { accessToken: 'old', expiresAt: 1 }, async () => ({ accessToken: 'new' })],
    ['no way to refresh', ended, undefined],
  ])('%s', async (_, kept, refresh) => {
    const { get, log, state } = keep(kept, refresh)
    expect([await get(), log, state.kept]).toEqual([{ kind: 'dropped' }, ['write nothing'], undefined])
  })

  test('refused', async () => {
    const error = requestError('invalid_grant')
    const { get, log, state } = keep(ended, failing(error))
    expect(await get()).toEqual({ kind: 'dropped', error })
    expect([log, state.kept]).toEqual([['write old/-', 'send r1', 'write nothing'], undefined])
  })
})

describe('not answered', () => {
  const unanswered: [string, unknown][] = [
    ['not reached', requestError('token_request_failed')],
    ['a time-out', new UmaTimeoutError('late', { issuer })],
    ['an answer that cannot be used', new InvalidTokenResponseError('HTML', { issuer, status: 200 })],
    ['a client that is refused', requestError('invalid_client')],
    ['an error that is none of ours', new RangeError('a bug')],
  ]

  test.each(unanswered)('%s: put back once; the second time it is dropped', async (_, error) => {
    const { get, log, state } = keep(ended, failing(error))
    expect(await outcomeOf(get())).toEqual({ error })
    expect(state.kept).toEqual({ ...ended, unanswered: 1 })
    expect(await get()).toEqual({ kind: 'dropped', error })
    expect(log.filter((line) => line.startsWith('send'))).toEqual(['send r1', 'send r1'])
    expect(state.kept).toBeUndefined()
  })

  test('a success in between begins the count anew', async () => {
    const outcomes: (Tokens | Error)[] = [
      requestError('token_request_failed'),
      { accessToken: 'new', expiresAt: 1 },
      requestError('token_request_failed'),
    ]
    const { get, state } = keep(ended, async () => {
      const outcome = outcomes.shift() as Tokens | Error
      if (outcome instanceof Error) throw outcome
      return outcome
    })
    await outcomeOf(get())
    expect(await get()).toMatchObject({ kind: 'refreshed', tokens: { accessToken: 'new', refreshToken: 'r1' } })
    expect(state.kept).not.toHaveProperty('unanswered')
    await outcomeOf(get())
    expect(state.kept).toMatchObject({ refreshToken: 'r1', unanswered: 1 })
  })

  test('how often it is put back can be chosen', async () => {
    const { get, state } = keep(ended, failing(requestError('token_request_failed')), { maxUnanswered: 3 })
    for (let count = 1; count <= 3; count++) {
      await outcomeOf(get())
      expect(state.kept?.unanswered).toBe(count)
    }
    expect(await get()).toMatchObject({ kind: 'dropped' })
  })

  test.each<[string, unknown]>([
    ['discovery failed', new DiscoveryError('not reached', { issuer })],
    ['no client', requestError('registration_failed')],
    ['a limit of this program', requestError('token_request_failed', 'not_sent')],
  ])('%s, so the refresh token was not sent: put back each time', async (_, error) => {
    const { get, state } = keep(ended, failing(error))
    for (let times = 0; times < 4; times++) {
      expect(await outcomeOf(get())).toEqual({ error })
      expect(state.kept).toEqual(ended)
    }
  })
})

describe('one definition of a refusal', () => {
  test.each<[unknown, boolean]>([
    [requestError('invalid_grant'), true],
    [requestError('unauthorized_client'), true],
    [requestError('request_denied'), true],
    [new InteractionRequiredError('nobody is signed in'), true],
    [new InvalidTokenResponseError('no code', { status: 400 }), true],
    [new InvalidTokenResponseError('no code', { status: 401 }), true],
    [new InvalidTokenResponseError('no code', { status: 403 }), true],
    [new InvalidTokenResponseError('HTML', { status: 404 }), false],
    [new InvalidTokenResponseError('HTML', { status: 200 }), false],
    [new InvalidTokenResponseError('HTML'), false],
    [requestError('invalid_client'), false],
    [requestError('temporarily_unavailable'), false],
    [requestError('token_request_failed'), false],
    [new UmaTimeoutError('late'), false],
    [new Error('invalid_grant'), false],
    [undefined, false],
  ])('%s: %s', (error, expected) => {
    expect(isRefusal(error)).toBe(expected)
  })
})
