/** What tests of UMA 1.0.1 begin with. */
import type { RequesterOptions, UmaRequestInit } from '../../src/index.ts'
import { uma1 } from '../../src/schemes/uma1.ts'
import type { AuthorizationManagerOptions } from '../helpers/am/authorization-manager.ts'
import type { AmHostOptions } from '../helpers/am/host.ts'
import type { AmPolicy } from '../helpers/am/types.ts'
import { name, startAmWorld } from './kit.ts'

/** A UMA 1.0.1 world with Alice at the redirects. */
export async function cast(
  am: Partial<AuthorizationManagerOptions> = {},
  more: Partial<RequesterOptions> = {},
  host: Partial<AmHostOptions> = {},
) {
  const world = await startAmWorld('1.0.1', { am, host })
  const requester = world.requester(uma1(), more)
  return {
    world,
    am: world.am,
    get: (options: UmaRequestInit = {}) => requester.fetch(world.host.origin + name, options),
    requester,
  }
}

/** Who went to the claims endpoint is let in. */
export const person: AmPolicy = ({ gathered }) => (gathered ? 'grant' : { redirectUser: true })
