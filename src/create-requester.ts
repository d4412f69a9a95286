import { checkRequesterOptions } from './requester/check-requester-options.ts'
import { createEngine } from './requester/engine.ts'
import type { RequesterOptions } from './requester/options.ts'
import { createHandle, type Requester } from './requester/requester.ts'

export type { Requester } from './requester/requester.ts'

/**
 * Creates a requester.
 *
 * @throws TypeError if the options cannot be right or safe; the message says what to change
 *
 * @example
 * const requester = createRequester({
 *   authorizationServers: [{ issuer, hosts: ['https://photos.example.com'], client: { id: 'album' } }],
 * })
 * const photo = await requester.fetch('https://photos.example.com/alice/1.jpg')
 */
export function createRequester(options: RequesterOptions): Requester {
  checkRequesterOptions(options)
  const parts = createEngine(options)
  const source = {
    options,
    parts,
    load: async () => parts,
    runUnloaded: () => Promise.reject(new Error('The parts of this requester are always there')),
  }
  return createHandle(source, options.requestingParty)
}
