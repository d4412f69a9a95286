/** The config and the body of one attempt. */
import type { AxiosHeaders } from 'axios'
import type { HeaderPatch } from '../bindings/binding.ts'
import { urlWithUserinfo, withoutUserinfo } from '../request/base-url.ts'
import { formType } from '../request/capture.ts'
import type { SendChanges } from '../request/request-driver.ts'
import type { CapturedRequest, Config } from './captured-request.ts'

/** The config of one attempt. Adapters write into the config and the headers that they receive. */
export function attemptConfig(
  { config, url }: CapturedRequest,
  patch: HeaderPatch | undefined,
  changes: SendChanges,
): Config {
  const copy = copyOf(config)
  copy.headers = patch ? config.headers.concat(patch) : config.headers.concat()
  copy.beforeRedirect = (options, ...rest) => {
    // Node's adapter would keep Authorization on the way to a subdomain.
    if (isElsewhere(options.href as string, url)) removeAuthorization(options.headers)
    config.beforeRedirect?.(options, ...rest)
  }
  if (changes.preflight) copy.method = 'head'
  const authorizes = patch !== undefined && hasAuthorization(patch)
  // Adapters would replace the header with HTTP Basic.
  if (authorizes && copy.auth) delete copy.auth
  const target = targetOf(url, authorizes, changes.url)
  if (target) Object.assign(copy, { url: target, baseURL: undefined, params: undefined })
  return copy
}

/** A shallow copy. Spreading is several times slower here, because the config of axios has no prototype. */
function copyOf(config: Config): Config {
  const copy = Object.create(Object.getPrototypeOf(config))
  for (const key of Object.keys(config)) copy[key] = config[key as keyof Config]
  for (const key of Object.getOwnPropertySymbols(config)) copy[key] = config[key as unknown as keyof Config]
  return copy
}

const hasAuthorization = (patch: HeaderPatch): boolean => Object.keys(patch).some(isAuthorization)

const isAuthorization = (name: string): boolean => /^authorization$/i.test(name)

const isElsewhere = (href: string, url: string): boolean => new URL(href, url).origin !== new URL(url).origin

function removeAuthorization(headers: Record<string, string>): void {
  for (const name of Object.keys(headers)) if (isAuthorization(name)) delete headers[name]
}

/** The URL of one attempt, if it differs from the URL of the config. Userinfo is HTTP Basic, so an Authorization replaces it. */
function targetOf(url: string, authorizes: boolean, changed: string | undefined): string | undefined {
  const parsed = urlWithUserinfo(url)
  if (authorizes && parsed) return changed ?? withoutUserinfo(parsed).href
  if (!changed || !parsed) return changed
  const { username, password } = parsed
  return Object.assign(new URL(changed), { username, password }).href
}

/**
 * The body of one attempt. A promise, if the body must be read into memory first.
 *
 * @param headers the headers of the attempt; they receive the content type of a body that is made for it
 * @param form a form that is sent instead
 */
export function dataOf(captured: CapturedRequest, headers: AxiosHeaders, form: string | undefined): unknown {
  if (form !== undefined) {
    headers.setContentType(formType, false)
    headers.delete('content-length')
    return form
  }
  if (captured.makeBody) return forAnyAdapter(captured.makeBody(), headers)
  return captured.bufferBody ? captured.bufferBody() : captured.data
}

/** A body that `uma.body` made, as every adapter of axios takes it. axios's transforms do not see this body. */
function forAnyAdapter(body: unknown, headers: AxiosHeaders): unknown {
  if (body instanceof URLSearchParams) {
    headers.setContentType(formType, false)
    return body.toString()
  }
  if (ArrayBuffer.isView(body)) return body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength)
  // axios calls a body a form before the body is made. A Blob and FormData have a type of their own.
  const typed = body instanceof Blob || body instanceof FormData
  if (typed && headers.get('content-type') === 'application/x-www-form-urlencoded') headers.delete('content-type')
  return body
}
