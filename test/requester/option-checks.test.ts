/** Options that cannot be right are told when a requester is created: the message names the option and the fix. */
import axios from 'axios'
import ky from 'ky'
import { describe, expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import { dynamicClient } from '../../src/client/dynamic.ts'
import { createRequester, none } from '../../src/index.ts'
import { extendKy } from '../../src/ky.ts'
import { createRequester as createLazyRequester } from '../../src/lazy.ts'
import { codeFlow, defineSignIn } from '../../src/sign-in.ts'

const server = { issuer: 'https://as.example', hosts: ['https://photos.example'], client: { id: 'album' } }
const create = (options: unknown) => () => createRequester(options as never)
const withServer = (more: object, options: object = {}) =>
  create({ authorizationServers: [{ ...server, ...more }], ...options })

describe('createRequester', () => {
  test.each([
    ['nothing', undefined, /^createRequester: give it an object of options$/],
    ['a text', 'https://as.example', /give it an object of options/],
    ['no servers', {}, /authorizationServers is missing; it must be a list of the trusted servers/],
    ['one server instead of a list', { authorizationServers: server }, /authorizationServers must be a list/],
    [
      'E6: a misspelled option',
      { authorizationServer: [] },
      /no option authorizationServer; did you mean authorizationServers\?/,
    ],
    [
      'E6: an option in another case',
      { authorizationServers: [], onevent() {} },
      /no option onevent; did you mean onEvent\?/,
    ],
    [
      'an option of nobody',
      { authorizationServers: [], zzz: 1 },
      /no option zzz; the options are authorizationServers, /,
    ],
    [
      'a misspelled time-out',
      { authorizationServers: [], timeouts: { flows: 1 } },
      /timeouts: there is no option flows; did you mean flow\?/,
    ],
    [
      'a misspelled limit of polls',
      { authorizationServers: [], polling: { maximum: 1 } },
      /polling: there is no option maximum/,
    ],
    [
      'a number as party',
      { authorizationServers: [], requestingParty: 7 },
      /requestingParty must be a string, or a function/,
    ],
    ['a text as interactive', { authorizationServers: [], interactive: 'no' }, /interactive must be true or false/],
    ['a text as claims', { authorizationServers: [], claims: 'jwt' }, /claims must be a function/],
    ['a scheme instead of a list', { authorizationServers: () => undefined, schemes: {} }, /schemes must be a list/],
  ])('%s', (_name, options, message) => {
    expect(create(options)).toThrow(TypeError)
    expect(create(options)).toThrow(message)
    expect(() => createLazyRequester(options as never)).toThrow(message)
  })

  test('an option that is undefined counts as absent', () => {
    expect(withServer({ scheme: undefined }, { claims: undefined, timeouts: { flow: undefined } })).not.toThrow()
  })
})

describe('authorizationServers', () => {
  test.each([
    ['nothing', null, /authorizationServers: null: give it an object of options/],
    ['no client', { ...server, client: undefined }, /client is missing; it must be \{ id \}, or dynamicClient\(\)/],
    ['a client of version 1', { ...server, client: { register: {} } }, /client must be \{ id \}, or dynamicClient\(\)/],
    ['a misspelled setting', { ...server, redirectURI: 'x' }, /no option redirectURI; did you mean redirectUri\?/],
    [
      'a path in hosts',
      { ...server, hosts: ['https://photos.example/alice'] },
      /has a path; write 'https:\/\/photos\.example'/,
    ],
    [
      'a sign-in of version 1',
      { ...server, signIn: { begin() {}, finish() {} } },
      /signIn must be codeFlow\(\{ scope \}\) or defineSignIn/,
    ],
    ['a status that is not stale', { ...server, staleStatuses: [404] }, /staleStatuses must be a list of 400 and 403/],
    [
      'sendAccessToken for any host',
      { ...server, hosts: 'any', sendAccessToken: true },
      /sendAccessToken needs hosts as a list/,
    ],
    ['an authentication that is no function', { ...server, client: { id: 'a', auth: 'none' } }, /client\.auth must be/],
  ])('%s', (_name, one, message) => {
    expect(create({ authorizationServers: [one] })).toThrow(TypeError)
    expect(create({ authorizationServers: [one] })).toThrow(message)
  })

  test('R10: a sign-in without a redirect URI', () => {
    const signIn = codeFlow({ scope: 'openid' })
    const onRedirect = async () => ''
    expect(withServer({ signIn }, { onRedirect })).toThrow(
      /redirectUri is missing: .* sign in at https:\/\/as\.example/,
    )
    expect(withServer({ signIn, redirectUri: 'https://app.example/back' }, { onRedirect })).not.toThrow()
    expect(withServer({ signIn }, { onRedirect, redirectUri: 'https://app.example/back' })).not.toThrow()
    // An authorization server may know exactly one claims redirect URI (UMA Grant §3.3.2).
    expect(withServer({}, { onRedirect })).not.toThrow()
  })
})

test('values that bring their code check their own arguments', () => {
  expect(() => codeFlow(undefined as never)).toThrow(/^codeFlow: scope is missing/)
  expect(() => codeFlow({ scope: 'openid', auth: 'x' as never })).toThrow(/^codeFlow: auth must be/)
  expect(() => defineSignIn({ begin: async () => ({ url: '', memo: 0 }) } as never)).toThrow(
    /functions begin and finish/,
  )
  expect(() => dynamicClient(undefined as never)).toThrow(/^dynamicClient: give it the metadata/)
  expect(() => dynamicClient({}, { auth: 7 as never })).toThrow(/^dynamicClient: auth must be/)
  expect(dynamicClient({}, { auth: none() }).auth).toBeTypeOf('function')
})

test('E6: an adapter without a requester', () => {
  expect(() => attachRequester(axios.create(), undefined as never)).toThrow(/^attachRequester: .*createRequester\(\)/)
  expect(() => attachRequester(undefined as never, createRequester({ authorizationServers: [] }))).toThrow(
    /^attachRequester: .*axios/,
  )
  expect(() => extendKy(ky, undefined as never)).toThrow(/^extendKy: .*createRequester\(\)/)
  expect(() => extendKy(undefined as never, createRequester({ authorizationServers: [] }))).toThrow(/^extendKy: .*ky/)
})
