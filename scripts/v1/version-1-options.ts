/** Options of version 1, made into today's: the values that bring their code did not exist. */
import { type ClientMetadata, dynamicClient } from '../../src/client/dynamic.ts'
import { keepFlow } from '../../src/flow/people/keep-flow.ts'
import { leavingRedirect } from '../../src/flow/people/leaving.ts'
import type { AuthorizationServer, OpenableRedirectHandler, OpenedRedirect, RequesterOptions } from '../../src/index.ts'
import { defineSignIn, type SignInParts } from '../../src/sign-in.ts'

type Unknown = Record<string, unknown>

/** `client: { register, auth }` is `dynamicClient(register, { auth })`; an object with `begin` is `defineSignIn(…)`. */
function serverOf(server: Unknown): AuthorizationServer {
  const { client, signIn } = server as { client?: Unknown; signIn?: Unknown }
  const { register, auth } = (client ?? {}) as { register?: ClientMetadata; auth?: never }
  return {
    ...server,
    ...(register && { client: dynamicClient(register, auth ? { auth } : {}) }),
    ...(typeof signIn?.begin === 'function' && { signIn: defineSignIn(signIn as never as SignInParts) }),
  } as AuthorizationServer
}

function serversOf(servers: unknown): RequesterOptions['authorizationServers'] {
  if (Array.isArray(servers)) return servers.map(serverOf)
  if (typeof servers !== 'function') return servers as RequesterOptions['authorizationServers']
  return async (...args) => {
    const server = (await servers(...args)) as Unknown | undefined
    // Version 1 allowed private addresses to servers that a function finds.
    return server && { ...serverOf(server), allowPrivate: true }
  }
}

/** A handler of version 1 said `leaves: true`; today the handlers that leave are `pageRedirect` and `serverRedirect`. */
function handlerOf(handler: RequesterOptions['onRedirect']): RequesterOptions['onRedirect'] {
  if (typeof handler !== 'object' || typeof handler.open !== 'function') return handler
  const open: OpenableRedirectHandler['open'] = async (context) => {
    const opened = (await handler.open(context)) as OpenedRedirect & { leaves?: boolean; storeRequest?: boolean }
    const { leaves, storeRequest = false } = opened
    return leaves ? leavingRedirect(opened, (run, leaving) => keepFlow(run, leaving, storeRequest)) : opened
  }
  return { ...handler, open }
}

export function optionsOf(options: object): object {
  const { authorizationServers, onRedirect } = options as RequesterOptions
  return {
    ...options,
    authorizationServers: serversOf(authorizationServers),
    ...(onRedirect !== undefined && { onRedirect: handlerOf(onRedirect) }),
  }
}
