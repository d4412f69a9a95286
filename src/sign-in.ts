/**
 * Signing people in at an authorization server, where a token of their own is what it knows them by.
 *
 * @module
 */
export type { Identity, SignIn, SignInFacts } from './authorization-server/identity.ts'
export { type CodeFlowOptions, codeFlow } from './authorization-server/sign-in.ts'
