/**
 * No event, error or log line carries a ticket, token, secret, claim, code or state (G-5.2-a). Every kind of flow runs
 * with marked values, and everything that could be printed is searched for them.
 */
import { describe, expect, test } from 'vitest'
import { clientSecretBasic } from '../../src/index.ts'
import { onlySubjects } from '../helpers/authorization-server.ts'
import { startWorld } from '../helpers/world.ts'
import { byAxiosHttp, byFetch, byKy } from '../ways-in/kit.ts'
import { path } from './kit.ts'
import { marked, type Stage } from './secret-stage.ts'
import { stories } from './secret-stories.ts'
import { overheard, prints, safe } from './secrets-kit.ts'

describe.each([byFetch, byAxiosHttp, byKy])('$name', ({ attach }) => {
  test.each(Object.entries(stories))(
    '%s',
    async (_story, { policy, as = {}, host = {}, more, server = {}, fails = false, run }) => {
      const world = await startWorld({ as: { ...(policy && { policy }), quirks: as }, host: { quirks: host } })
      const secrets = safe(world, [
        'web-secret',
        marked.token,
        'marked-claim',
        'marked-query',
        'marked-reason',
        'marked-secret-wrong',
        'marked-foreign-state',
      ])
      const printed: string[] = []
      let failed = 0
      const note = (promise: Promise<unknown>): Promise<void> =>
        promise.then(
          (value) => void printed.push(prints(value)),
          (error: unknown) => {
            failed++
            printed.push(prints(error))
          },
        )
      const stage = { world, secrets, urls: [], storage: new Map(), prints: note } as unknown as Stage
      const heard = overheard()
      stage.requester = world.requester(
        { claims: () => marked, fetch: secrets.fetch, polling: { minInterval: 0.01, max: 4 }, ...more?.(stage) },
        { client: { id: 'web', auth: clientSecretBasic('web-secret') }, ...server },
      )
      stage.send = attach(stage.requester)
      stage.get = (at = path, options = {}) => note(stage.send(`${world.host.origin}${at}?q=marked-query`, options))
      await (run ? run(stage) : stage.get())
      if (fails) expect(failed).toBeGreaterThan(0)
      const all = secrets.all()
      expect(all.length).toBeGreaterThan(6)
      const events = JSON.stringify(world.events)
      for (const one of all) {
        expect(events).not.toContain(one)
        expect(heard()).not.toContain(one)
        // The URL with its query is the caller's own, and axios prints it with the caller's config; a callback tells it too.
        if (one !== 'marked-query') expect(printed.join('\n')).not.toContain(one)
      }
    },
  )
})

test('the net holds: a secret is found in each of the places that are looked at', async () => {
  const world = await startWorld({ as: { policy: onlySubjects(['marked-claim']), quirks: { refreshTokens: true } } })
  const secrets = safe(world, [])
  let answered: Record<string, unknown> = {}
  world.as.quirks.tokenAnswer = (json) => (answered = json)
  await world.requester({ claims: () => marked, fetch: secrets.fetch }).fetch(world.host.origin + path)
  const found = secrets.all()
  for (const name of ['access_token', 'refresh_token', 'pct']) expect(found).toContain(answered[name])
  expect(found).toContain(marked.token)
  expect(
    found.filter((one) => world.recorder.requests.some(({ body }) => body.toString().includes(one))).length,
  ).toBeGreaterThan(2)
  const wrapped = new Error('outer', {
    cause: Object.assign(new Error('inner'), { hidden: { deep: ['marked-secret'] } }),
  })
  expect(prints(wrapped)).toContain('marked-secret')
})
