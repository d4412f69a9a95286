/**
 * Signing people in at an authorization server that identifies them by a token of their own.
 *
 * @module
 */
export type { Identity, SignIn, SignInFacts, SignInParts } from './authorization-server/sign-in/identity.ts'
export { type CodeFlowOptions, codeFlow, defineSignIn } from './authorization-server/sign-in/sign-in.ts'
