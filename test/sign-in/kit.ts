/** People who sign in at the authorization server's own pages (oidc-provider's, behind the bench), and what tests look at. */
import { expect } from 'vitest'
import type {
  AuthorizationServer,
  RedirectHandler,
  RedirectRequest,
  Requester,
  RequesterOptions,
} from '../../src/index.ts'
import { bearer, none } from '../../src/index.ts'
import { codeFlow } from '../../src/sign-in.ts'
import { onlyPeople, type Policy, REDIRECT_URI } from '../helpers/authorization-server.ts'
import type { RecordedRequest } from '../helpers/recorder.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { browse, submit } from '../servers/kit.ts'

export { REDIRECT_URI } from '../helpers/authorization-server.ts'
export { rejection, umaErrorOf, umaRejection } from '../ways-in/kit.ts'

export const path = '/alice/1.jpg'

/** A person with a browser of their own: opens the URL, signs in, agrees to whatever is asked, and ends on a URL of the client's. */
export function person(login = 'alice', action = 'continue') {
  const jar = new Map<string, string>()
  return async (url: string): Promise<string> => {
    const { origin } = new URL(url)
    let shown = await browse(origin, url, {}, jar)
    for (let pages = 0; !shown.left && pages < 4; pages++) {
      if (shown.status !== 200) expect.fail(`${login} sees ${shown.status}: ${shown.text}`)
      // The claims page has another button.
      const act = shown.text.includes('value="share"') ? 'share' : action
      shown = await submit(origin, shown, { login, password: 'secret of the person', action: act }, jar)
    }
    return shown.left ?? expect.fail(`stuck at ${shown.url}: ${shown.text}`)
  }
}

/** A caller's own redirect handler: the person of the requesting party is there at once. Remembers what it was asked. */
export function people(...logins: string[]): RedirectHandler & { asked: RedirectRequest[] } {
  const asked: RedirectRequest[] = []
  const visits = new Map(logins.map((login) => [login, person(login)]))
  const handler: RedirectHandler = (request) => {
    asked.push(request)
    const visit = visits.get(request.requestingParty ?? logins[0] ?? '')
    return visit ? visit(request.url) : expect.fail(`nobody is called ${request.requestingParty}`)
  }
  return Object.assign(handler, { asked })
}

export interface Cast {
  world: World
  /** Options are laid over the usual ones: Alice, in Keycloak's way. */
  requester(options?: Partial<RequesterOptions>, server?: Partial<AuthorizationServer>): Requester
  url: string
}

/** An authorization server that knows people by an access token of their own only, as Keycloak does. */
export async function keycloak(policy: Policy = onlyPeople('alice', 'bob'), quirks: object = {}): Promise<Cast> {
  const world = await startWorld({ as: { policy, quirks: { clientAuth: 'bearer-only', ...quirks } } })
  return {
    world,
    url: world.host.origin + path,
    requester: (options = {}, server = {}) =>
      world.requester(
        { requestingParty: 'alice', redirectUri: REDIRECT_URI, onRedirect: people('alice', 'bob'), ...options },
        {
          client: { id: 'spa', auth: bearer() },
          signIn: codeFlow({ scope: 'openid offline_access', parameters: { prompt: 'consent' } }),
          ...server,
        } as object,
      ),
  }
}

/** An authorization server that wants an ID token as claim. */
export async function wantsIdToken(policy: Policy): Promise<Cast> {
  const world = await startWorld({ as: { policy } })
  return {
    world,
    url: world.host.origin + path,
    requester: (options = {}, server = {}) =>
      world.requester(
        {
          requestingParty: 'alice',
          redirectUri: REDIRECT_URI,
          onRedirect: people('alice', 'bob'),
          claims: async (_needed, context) => {
            const token = await context.idToken()
            return token ? { token, format: 'http://openid.net/specs/openid-connect-core-1_0.html#IDToken' } : undefined
          },
          ...options,
        },
        { client: { id: 'spa', auth: none() }, signIn: codeFlow({ scope: 'openid' }), ...server } as object,
      ),
  }
}

export const formOf = ({ body }: RecordedRequest): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(body.toString()))

/** Token requests by their grant, in order: `uma`, `code`, `refresh`. */
export const grants = (world: World): string[] => tokenRequests(world).map((request) => grantOf(request))

const grantOf = (request: RecordedRequest): string =>
  ({ authorization_code: 'code', refresh_token: 'refresh' })[formOf(request).grant_type ?? ''] ?? 'uma'

export const tokenRequests = (world: World, grant?: string): RecordedRequest[] =>
  world
    .sent()
    .filter((request) => request.server === 'as' && request.path === '/token' && request.method === 'POST')
    .filter((request) => !grant || grantOf(request) === grant)

export const bearerOf = ({ headers }: RecordedRequest): string => headers.authorization?.replace(/^Bearer /, '') ?? ''

/** One call to the token endpoint, with its answer. */
export interface TokenCall {
  form: Record<string, string>
  bearer: string
  answer: Record<string, string>
}

/** A `fetch` that keeps what token endpoints answer. */
export function listening(): { calls: TokenCall[]; send: typeof fetch } {
  const calls: TokenCall[] = []
  return {
    calls,
    async send(input, init) {
      const answer = await fetch(input, init)
      if (!String(input).endsWith('/token')) return answer
      calls.push({
        form: Object.fromEntries(new URLSearchParams(String(init?.body))),
        bearer: new Headers(init?.headers).get('authorization')?.replace(/^Bearer /, '') ?? '',
        answer: (await answer.clone().json()) as Record<string, string>,
      })
      return answer
    },
  }
}
