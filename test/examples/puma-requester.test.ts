/** The example, as a reader would start it. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

test("Puma's story: Alice reads her own, Bob asks Alice, by fetch, axios and ky", async () => {
  const child = spawn(process.execPath, ['examples/puma-requester/run.mjs'], { cwd: root })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (err += chunk))
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect(err).toBe('')
  expect(code).toBe(0)
  const data = '{"path":"/api/people/alice/personal/name","owner":"alice"}'
  for (const way of ['fetch', 'axios', 'ky']) {
    const told = out.split('\n').filter((line) => line.startsWith(way))
    expect(told.map((line) => line.replace(/ reads \S+/, ' reads'))).toEqual([
      `${way}: alice reads ${data}`,
      `${way}: alice reads ${data}`,
      `${way}: bob reads "pending"`,
      `${way}: alice agrees`,
      `${way}: bob reads ${data}`,
    ])
  }
  expect(out).not.toMatch(/(ticket|rpt|aat|code|secret)-/)
})
