import { InteractionRequiredError } from '../errors.ts'

/** Nobody is signed in: the interpreter catches it and sends the person to sign in. Whoever else meets it knows what is needed. */
export class NobodySignedIn extends InteractionRequiredError {}

export const nobodySignedIn = (issuer: string): NobodySignedIn =>
  new NobodySignedIn(`${issuer}: nobody is signed in (authorizationServers: signIn)`, { issuer })
