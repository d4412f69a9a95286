/**
 * The whole story, on this machine: Alice reads her own data; Bob asks Alice, who agrees; then he reads it too. An authorization
 * manager and a host of 2012 are started for it, and the people's browsers are played.
 *
 *   npm run build && npx node examples/puma-requester/run.mjs
 */
import { startAuthorizationManager } from '../../test/helpers/am/authorization-manager.ts'
import { startAmHost } from '../../test/helpers/am/host.ts'
import { visitManager } from '../../test/helpers/am/person.ts'
import { WireRecorder } from '../../test/helpers/recorder.ts'
import { createApp } from './app.mjs'

const name = '/api/people/alice/personal/name'

for (const way of /** @type {const} */ (['fetch', 'axios', 'ky'])) {
  const recorder = new WireRecorder()
  const manager = await startAuthorizationManager({ era: 'puma', recorder, clients: [] })
  const host = await startAmHost({ manager, recorder })
  const app = createApp({
    manager: manager.issuer,
    host: host.origin,
    // Each person's browser: they sign in as themselves, and allow what they are asked.
    onRedirect: ({ url, requestingParty }) => visitManager(url, requestingParty ?? ''),
  })

  /** @type {(who: string, expected: unknown) => Promise<void>} */
  const reads = async (who, expected) => {
    recorder.clear()
    const got = await app.read(way, who, name)
    console.log(`${way}: ${who} reads ${name}: ${JSON.stringify(got)}`)
    for (const line of recorder.lines()) console.log(`  ${line.replace(/\?\S+/, '?…')}`)
    if (JSON.stringify(got) !== JSON.stringify(expected)) throw new Error(`expected ${JSON.stringify(expected)}`)
  }
  const data = { path: name, owner: 'alice' }

  await reads('alice', data)
  await reads('alice', data)
  await reads('bob', 'pending')
  if (!manager.agree('alice', 'bob')) throw new Error('nobody asked Alice')
  console.log(`${way}: alice agrees`)
  await reads('bob', data)

  await host.close()
  await manager.close()
}
