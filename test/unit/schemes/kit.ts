/** Runs the functions of a scheme on frozen inputs: a change of an input throws. */
import type { Answer } from '../../../src/protocol/http/answer.ts'
import type {
  BeginInput,
  Challenge,
  RedirectFacts,
  ReturnFacts,
  Scheme,
  SchemeFacts,
  SchemeState,
  SchemeTurn,
  Step,
} from '../../../src/schemes/scheme.ts'

export const issuer = 'https://as.example.com'
export const resource = 'https://photos.example.com/alice/1.jpg'

/** Freezes a value and everything in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}

export function factsWith(metadata: object, more: Partial<SchemeFacts> = {}): SchemeFacts {
  return deepFreeze({
    issuer,
    metadata: { issuer, ...metadata },
    clientId: 'album',
    resource,
    unchangedTicket: false,
    ...more,
  })
}

/** An answer of the authorization server. */
export interface ServerAnswer {
  status: number
  body?: unknown
}

export interface Play {
  begin(state: object, input?: BeginInput): SchemeTurn
  answer(state: object, answer: ServerAnswer): SchemeTurn
  recognise(answer: { status: number; header?: string; body?: string }, url?: string): Promise<Challenge[]>
  url(state: object, endpoint: string, facts?: Partial<RedirectFacts>): URL | undefined
  accept(state: object, back: string, facts?: Partial<ReturnFacts>): SchemeState
}

/** A scheme whose inputs are frozen and whose states are checked: they must survive JSON. */
export function playOf(scheme: Scheme, facts: SchemeFacts): Play {
  const checked = (turn: SchemeTurn): SchemeTurn => {
    checkPlain(turn.state)
    return turn
  }
  return {
    begin: (state, input = {}) => checked(scheme.next(deepFreeze({ ...state }), deepFreeze({ begin: input }), facts)),
    answer(state, { status, body }) {
      const text = typeof body === 'string' ? body : JSON.stringify(body ?? {})
      const answer = deepFreeze({ status, headers: new Headers(), text })
      return checked(scheme.next(deepFreeze({ ...state }), { answer }, facts))
    },
    async recognise({ status, header, body = '' }, url = resource) {
      const answer: Answer = {
        status,
        headers: new Headers(header === undefined ? {} : { 'www-authenticate': header }),
        url,
        text: async () => body,
        discard: () => {},
      }
      return scheme.recognise(Object.freeze(answer), Object.freeze({ resource: url }))
    },
    url: (state, endpoint, more = {}) =>
      scheme.redirect?.url(
        deepFreeze({ ...state }),
        endpoint,
        deepFreeze({ clientId: 'album', redirectUri: 'https://album.example.com/back', state: 's1', ...more }),
      ),
    accept(state, back, more = {}) {
      const expected = deepFreeze({ state: 's1', issuer, unchangedTicket: false, ...more })
      const accepted = scheme.redirect?.accept(deepFreeze({ ...state }), back, expected) as SchemeState
      checkPlain(accepted)
      return accepted
    },
  }
}

/** Throws if a value is not what JSON makes of it, members that are undefined aside. */
function checkPlain(value: object): void {
  const defined = Object.entries(value).filter(([, member]) => member !== undefined)
  const plain = JSON.stringify(Object.fromEntries(defined))
  if (JSON.stringify(JSON.parse(plain)) !== plain) throw new Error(`not plain JSON: ${plain}`)
  for (const [name, member] of defined)
    if (!['string', 'boolean', 'number'].includes(typeof member)) throw new Error(`${name} is ${typeof member}`)
}

/** A step as a table shows it: errors by class and code, without the members that are undefined. */
export function shown(step: Step): Record<string, unknown> {
  const members = Object.entries(step).filter(([, value]) => value !== undefined)
  return Object.fromEntries(members.map(([name, value]) => [name, value instanceof Error ? errorOf(value) : value]))
}

const errorOf = (error: Error): string => `${error.name} ${(error as { code?: string }).code}`

/** The members of a value that are not undefined. */
export const defined = (value: object): object =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))

/** The error that a function throws, as class, code and reason. */
export function thrownBy(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    const { reason } = error as { reason?: string }
    return [errorOf(error as Error), reason].filter(Boolean).join(' ')
  }
  return 'nothing'
}
