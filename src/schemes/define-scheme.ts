import type { ClientRegistration } from '../authorization-server/registration.ts'
import { isSignIn, type SignIn } from '../authorization-server/sign-in/identity.ts'
import { bearerBinding } from '../bindings/bearer.ts'
import type { Binding } from '../bindings/binding.ts'
import { flagRule, functionRule, isFunction, type OptionRule, type OptionRules } from '../errors/check-options.ts'
import type { Answer } from '../protocol/http/answer.ts'
import { type MetadataReader, metadataReader } from '../protocol/oauth/metadata.ts'
import type {
  Challenge,
  RecogniseFacts,
  Scheme,
  SchemeFacts,
  SchemeInput,
  SchemeRedirect,
  SchemeState,
  SchemeTurn,
} from './scheme.ts'
import { uma2 } from './uma2.ts'

/** The parts of a scheme. Only `name` and `next` are required. */
export interface SchemeParts<C extends Challenge = Challenge, S extends SchemeState = SchemeState> {
  /** The name of the scheme in stored records and errors: lower-case letters, digits and hyphens. */
  name: string
  /** Begins a request, or reads the answer to the request before. It must change nothing that it receives. */
  next(state: S, input: SchemeInput, facts: SchemeFacts): SchemeTurn<S>
  /** Finds the challenges of this scheme in an answer. @default UMA 2.0's challenges, on 401 and 403 */
  recognise?(answer: Answer, facts: RecogniseFacts): C[] | Promise<C[]>
  /** Gives the state at the start of a flow. @default the ticket of the challenge */
  start?(challenge: C): S
  /** Suffix of the metadata document's URL. @default '/.well-known/uma2-configuration' */
  wellKnown?: string
  /** The members of the metadata document that must be there, each a safe URL. @default ['token_endpoint'] */
  endpoints?: readonly string[]
  /** Reads the metadata document. Cannot be combined with `endpoints`. @default the reader of RFC 8414 documents */
  readMetadata?: MetadataReader
  /** Allows plain http at the issuer and its hosts. @default false: https, or http on this machine */
  allowInsecureHttp?: boolean
  /** How a token of this scheme is presented. @default as a bearer token */
  binding?: Binding
  /** How a requesting party signs in, unless the server is configured otherwise. @default nobody signs in */
  signIn?: SignIn
  /** Registers a client. @default RFC 7591 */
  register?: ClientRegistration
  /** The redirect for claims; `uma2.redirect` is UMA 2.0's. @default nobody is sent away for claims */
  redirect?: SchemeRedirect
}

/**
 * Makes a scheme: the protocol of an authorization server that this package does not know. The members that are left
 * out are UMA 2.0's. Give the scheme to the server: `authorizationServers: [{ …, scheme }]`.
 *
 * @param parts `name` and `next` are required
 * @throws TypeError if a member is missing, unknown or of the wrong type; the message names the member and the fix
 *
 * @example
 * const dialect = defineScheme({
 *   name: 'dialect',
 *   endpoints: ['uma_token_uri'],
 *   next(state, input, { metadata }) {
 *     if ('begin' in input) {
 *       const json = { ticket: state.ticket }
 *       return { state: {}, step: { kind: 'ask', endpoint: metadata.uma_token_uri, by: 'client', json } }
 *     }
 *     const { status, text } = input.answer
 *     // Read the answer, and return the next step.
 *   },
 * })
 */
export function defineScheme<C extends Challenge = Challenge, S extends SchemeState = SchemeState>(
  parts: SchemeParts<C, S>,
): Scheme {
  checkParts(parts)
  const { name, next, recognise, start, wellKnown, endpoints, readMetadata, allowInsecureHttp, ...rest } =
    parts as unknown as SchemeParts
  return {
    ...rest,
    name,
    next,
    recognise: recognise ?? uma2.recognise,
    start: start ?? uma2.start,
    wellKnown: wellKnown ?? uma2.wellKnown,
    readMetadata: readMetadata ?? metadataReader({ endpoints, allowInsecureHttp }),
    allowInsecureHttp: allowInsecureHttp ?? false,
    binding: parts.binding ?? bearerBinding,
  }
}

const isEndpoints = (value: unknown): boolean =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && name)

/** Whether a value is an object with these functions. */
const hasFunctions =
  (...names: string[]): OptionRule['check'] =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => isFunction((value as Record<string, unknown>)[name]))

/** The check of each member, and the description of a value that passes. */
const members: OptionRules<SchemeParts> = {
  name: {
    check: (value) => typeof value === 'string' && /^[a-z][a-z\d-]{0,63}$/.test(value),
    expected: "a short name of lower-case letters, digits and hyphens, such as 'my-dialect'",
  },
  next: functionRule('a function (state, input, facts) that returns { state, step }'),
  recognise: functionRule('a function (answer, { resource }) that returns a list of challenges'),
  start: functionRule('a function (challenge) that returns the first state'),
  wellKnown: {
    check: (value) => typeof value === 'string' && /^\/[^?#]+$/.test(value),
    expected: "a path that follows the issuer, such as '/.well-known/uma2-configuration'",
  },
  endpoints: { check: isEndpoints, expected: "a list of the metadata's members, such as ['token_endpoint']" },
  readMetadata: functionRule(
    'a function (text, issuer, slashTolerant) that returns the metadata, or a fault as a string',
  ),
  allowInsecureHttp: flagRule,
  binding: { check: hasFunctions('present'), expected: 'an object with a function present(grant, request)' },
  signIn: {
    check: (value) => isSignIn(value),
    expected: 'codeFlow({ scope }) or defineSignIn({ begin, finish })',
  },
  register: functionRule('a function (caller, metadata, client) that registers a client'),
  redirect: {
    check: hasFunctions('url', 'accept'),
    expected: 'an object with functions url and accept, such as uma2.redirect',
  },
}

function checkParts(parts: object): void {
  if (typeof parts !== 'object' || parts === null) {
    throw new TypeError('defineScheme: give it an object with at least name and next')
  }
  const unknown = Object.keys(parts).find((name) => !Object.hasOwn(members, name))
  if (unknown !== undefined) {
    throw new TypeError(`defineScheme: ${unknown}: no such member; a scheme has ${Object.keys(members).join(', ')}`)
  }
  const given = parts as Record<string, unknown>
  for (const [name, { check, expected }] of Object.entries(members)) {
    const isRequired = name === 'name' || name === 'next'
    if (given[name] === undefined && !isRequired) continue
    if (!check(given[name])) throw new TypeError(`defineScheme: ${name}: it must be ${expected}`)
  }
  if (given.readMetadata && given.endpoints) {
    throw new TypeError('defineScheme: endpoints: leave it out if readMetadata is given, which decides by itself')
  }
}
