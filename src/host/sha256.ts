import type { MaybePromise } from './maybe.ts'

type Hash = (algorithm: string, data: string, encoding: 'base64') => string

/** Node's, where there is one: it answers at once. Looked up when called, so that nothing is imported where there is no Node. */
const nodeHash = (): Hash | undefined =>
  (globalThis.process?.getBuiltinModule?.('node:crypto') as { hash?: Hash } | undefined)?.hash

let hash: Hash | undefined | null = null

/** SHA-256 of a text, in base64. */
export function sha256(text: string): MaybePromise<string> {
  if (hash === null) hash = nodeHash()
  return hash ? hash('sha256', text, 'base64') : subtle(text)
}

async function subtle(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return btoa(String.fromCharCode(...new Uint8Array(digest)))
}
