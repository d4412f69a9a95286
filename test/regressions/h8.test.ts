/** H8: brackets around parameter names do not hide a method override or a token from the guard. */
import { describe, expect, test } from 'vitest'
import { get, hosted } from '../host/hosted.ts'

const path = '/alice/1.jpg'

/** Spellings that parsers of nested queries, such as qs, take for one name. */
const spellings = (name: string) => [
  name,
  `[${name}]`,
  `%5B${name}%5D`,
  `${name}[]`,
  `${name}[0]`,
  `[${name}][]`,
  name.toUpperCase(),
]

async function scene() {
  const kit = await hosted()
  await kit.host.protect({ url: path, owner: 'alice' })
  let executed = 0
  const handler = kit.host.guard(() => {
    executed++
    return new Response('done')
  })
  return { handler, token: await kit.tokenFor(path), executed: () => executed }
}

describe('H8', () => {
  test.each(spellings('_method'))('a method override: %s', async (name) => {
    const { handler, token, executed } = await scene()
    expect((await handler(get(`${path}?${name}=DELETE`, token))).status).toBe(400)
    expect((await handler(get(`${path}?a=1&${name}=GET&${name}=DELETE`, token))).status).toBe(400)
    expect(executed()).toBe(0)
    expect((await handler(get(`${path}?${name}=GET`, token))).status).toBe(200)
  })

  test.each(spellings('access_token'))('a second token: %s', async (name) => {
    const { handler, token, executed } = await scene()
    expect((await handler(get(`${path}?${name}=other`, token))).status).toBe(400)
    expect(executed()).toBe(0)
  })

  test('other parameters with brackets pass', async () => {
    const { handler, token } = await scene()
    expect((await handler(get(`${path}?filter[_method]=DELETE&a[]=1&[b]=2&[]=3`, token))).status).toBe(200)
  })
})
