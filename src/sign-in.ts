/**
 * Signing people in at an authorization server that identifies them by a token of their own.
 *
 * @module
 */

export type { CodeFlowOptions } from './authorization-server/sign-in/code-flow-sign-in.ts'
export type { Identity, SignIn, SignInFacts, SignInParts } from './authorization-server/sign-in/identity.ts'
export { codeFlow, defineSignIn } from './authorization-server/sign-in/sign-in.ts'
