/** The URL that decides about the RPT is the URL that axios's adapters compute, in each supported version. */
import axios, { type AxiosRequestConfig } from 'axios'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { Config } from '../../src/axios/captured-request.ts'
import { urlOf } from '../../src/axios/url-of.ts'

type UrlConfig = Pick<AxiosRequestConfig, 'baseURL' | 'url' | 'allowAbsoluteUrls' | 'params' | 'paramsSerializer'>

/** The URL that the fetch adapter of one version requests; undefined if it rejects before. */
async function requested(instance: typeof axios, config: UrlConfig): Promise<string | undefined> {
  const urls: string[] = []
  const fetch = async (input: RequestInfo | URL): Promise<Response> => {
    urls.push(input instanceof Request ? input.url : String(input))
    return new Response('{}')
  }
  const env = { fetch, Request, Response } as NonNullable<AxiosRequestConfig['env']>
  await instance.request({ ...config, adapter: 'fetch', env }).catch(() => undefined)
  return urls[0]
}

const href = (url: string | undefined): string | undefined => (url === undefined ? undefined : URL.parse(url)?.href)

const bases = [undefined, '', 'https://h.example', 'https://h.example/', 'https://h.example//', 'https://h.example/api']
const urls = [
  '/alice/1.jpg',
  'alice/1.jpg',
  '//other.example/x',
  '///x',
  '/a//b',
  '/a/https://other.example',
  'https://other.example/x?y=1#z',
  'HTTPS://OTHER.example/x',
  'https:other.example',
  '/x?y=1#z',
  '?y=1',
  '#z',
  '',
]
const configs = fc.record<UrlConfig>({
  baseURL: fc.constantFrom(...bases, 'http://h.example/a?b', 'HTTP://h.example/x/') as fc.Arbitrary<string>,
  url: fc.constantFrom(...urls),
  allowAbsoluteUrls: fc.constantFrom(true, false, undefined) as fc.Arbitrary<boolean>,
  params: fc.constantFrom(undefined, {}, { a: 1 }, { a: [1, 2] }, new URLSearchParams({ b: '2' })),
  paramsSerializer: fc.constantFrom(undefined, { serialize: () => 'own=1' }) as fc.Arbitrary<{ serialize(): string }>,
})

/** The function that is tested, with the version of axios that it imports. */
async function withVersion(version: 'axios' | 'axios-floor') {
  vi.resetModules()
  vi.doMock('axios', () => vi.importActual(version))
  const [{ default: instance }, { urlOf: computed }] = await Promise.all([
    import('axios'),
    import('../../src/axios/url-of.ts'),
  ])
  vi.doUnmock('axios')
  return { instance, computed }
}

test.each(['axios', 'axios-floor'] as const)('%s: the same URL as the adapter', async (version) => {
  const { instance, computed } = await withVersion(version)
  if (version === 'axios-floor') expect(instance.VERSION).toBe('1.12.0')
  await fc.assert(
    fc.asyncProperty(configs, async (config) => {
      const url = await requested(instance, config)
      if (url !== undefined) expect(href(computed(config as Config))).toBe(href(url))
    }),
    { numRuns: 400 },
  )
})

test('plain URLs need no merged config', () => {
  const getUri = vi.spyOn(axios.Axios.prototype, 'getUri')
  expect(urlOf({ url: 'https://h.example/x' } as Config)).toBe('https://h.example/x')
  expect(urlOf({ baseURL: 'https://h.example/api', url: '/x' } as Config)).toBe('https://h.example/api/x')
  expect(getUri).not.toHaveBeenCalled()
  expect(urlOf({ baseURL: 'https://h.example/api/', url: '/x' } as Config)).toBe('https://h.example/api/x')
  expect(getUri).toHaveBeenCalledOnce()
  getUri.mockRestore()
})
