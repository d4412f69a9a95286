/** `uma-requester/host`: the other end of UMA. */
export {
  clientSecretBasic,
  clientSecretPost,
  none,
  privateKeyJwt,
} from '../authorization-server/client-authentication.ts'
export type { ClientMetadata } from '../authorization-server/registration.ts'
export type { Answer } from './answers.ts'
export type { Host } from './assemble.ts'
export { accessOf, type FetchHandler, type Guarding, toResponse } from './guard.ts'
export { createHost } from './host.ts'
export type { MaybePromise } from './maybe.ts'
export type { PanelOptions } from './panel.ts'
export type { PanelLabels } from './panel-page.ts'
export type { PanelColours, PanelTheme } from './panel-style.ts'
export * from './predicates.ts'
export { ProtectionApiError, type ProtectionApiErrorInit } from './protection-api.ts'
export { factsOf, type RequestFacts } from './request-facts.ts'
export type { Synchronised } from './resources.ts'
export type * from './types.ts'
export type { GuardOptions, Judge, Passed, Verdict } from './warden.ts'
