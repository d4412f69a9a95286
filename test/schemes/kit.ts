/** What tests of UMA before 2.0 look at. */
import type { AmWorld } from '../helpers/am/world.ts'
import type { RecordedRequest } from '../helpers/recorder.ts'

export { managersPerson, visitManager } from '../helpers/am/person.ts'
export { type AmWorld, startAmWorld } from '../helpers/am/world.ts'
export { REDIRECT_URI } from '../helpers/as/clients.ts'
export { rejection, responseOf, umaErrorOf, umaRejection, waysIn } from '../ways-in/kit.ts'

/** Alice's own. */
export const name = '/api/people/alice/personal/name'

// biome-ignore lint/suspicious/noExplicitAny: whatever was sent
export const jsonOf = ({ body }: RecordedRequest): any => JSON.parse(body.toString())

/** The JSON of every request to a manager's endpoint. */
export const sentTo = (world: AmWorld, path: string) => world.to(path).map(jsonOf)

export const queryOf = ({ path }: { path: string }): Record<string, string> =>
  Object.fromEntries(new URL(path, 'http://localhost').searchParams)

/** What pages the person was shown, by path. */
export const shown = (world: AmWorld): string[] =>
  world.recorder
    .to('am', ({ method, path }) => method === 'GET' && /authorize|claims/.test(path))
    .map(({ path }) => path.split('?')[0] ?? '')

export const bearerOf = ({ headers }: RecordedRequest): string => headers.authorization?.replace(/^Bearer /, '') ?? ''

/** What was sent without what the person's browser sent. */
export const programs = (world: AmWorld): string[] =>
  world.lines().filter((line) => !/ \/(oauth\/)?authorize | \/(rqp_)?claims /.test(line))
