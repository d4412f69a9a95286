/**
 * The redirect to a server on the person's machine, for programs in Node (RFC 8252 §7.3).
 *
 * @module
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { abortable } from '../async/abortable.ts'
import { deferred } from '../async/deferred.ts'
import { RedirectError, UmaTimeoutError } from '../errors/index.ts'
import type { OpenableRedirectHandler } from '../flow/options.ts'

/** Options of `loopbackRedirect`. */
export interface LoopbackRedirectOptions {
  /** Shows the URL to the person, with or without `open`. The URL holds a state, and perhaps a ticket: do not log it. */
  show?: (url: string) => void
  /**
   * Opens the URL in the person's browser with the package `open`, which must be installed. If that fails and there is
   * no `show`, the request rejects with `RedirectError`.
   * @default false
   */
  open?: boolean
  /** A fixed port, if the authorization server compares the port of the redirect URI. @default 0 (any free port) */
  port?: number
  /** The path of the redirect URI, percent-encoded, without a query. @default '/callback' */
  path?: string
  /** How long the person may take, in milliseconds. @default 300_000 */
  timeout?: number
}

const page = (text: string): string =>
  `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>${text}</title><p>${text}</p>`

/**
 * Waits on 127.0.0.1 until the person comes back (RFC 8252 §7.3). Each redirect has a server of its own, which answers
 * one path of one host name. A request with another state does not end the wait.
 *
 * A request rejects with `UmaTimeoutError` if nobody comes back in time, and with `RedirectError` if the port cannot be
 * used or if the browser cannot be opened.
 *
 * @throws TypeError if there is neither `show` nor `open`, or if `path` is not a path
 *
 * @example
 * createRequester({ ..., onRedirect: loopbackRedirect({ show: (url) => console.log(`Open ${url}`) }) })
 */
export function loopbackRedirect(options: LoopbackRedirectOptions): OpenableRedirectHandler {
  const { show, open = false, port = 0, path = '/callback', timeout = 300_000 } = options
  if (!show && !open) throw new TypeError('loopbackRedirect: the person must see the URL: give show, or open: true')
  if (URL.parse(`http://127.0.0.1:1${path}`)?.pathname !== path) {
    throw new TypeError('loopbackRedirect: path must begin with a slash, percent-encoded, without query and fragment')
  }
  return {
    async open({ issuer, signal }) {
      signal.throwIfAborted()
      const server = createServer()
      const close = (): void => {
        server.close()
        server.closeAllConnections()
      }
      const host = `127.0.0.1:${await listen(server, port, issuer)}`
      // The abort may have come before the listener on the signal.
      if (signal.aborted) close()
      signal.throwIfAborted()
      signal.addEventListener('abort', close)
      return {
        redirectUri: `http://${host}${path}`,
        uniqueRedirectUri: port === 0,
        async run({ url, state }) {
          const failed = deferred<never>()
          const timer = setTimeout(() => {
            failed.reject(new UmaTimeoutError(`The person did not come back within ${timeout} ms`, { issuer }))
          }, timeout)
          try {
            const back = comeBack(server, host, path, state)
            show?.(url)
            if (open) launchBrowser(url, issuer).catch((error) => !show && failed.reject(error))
            return await abortable(Promise.race([back, failed.promise]), signal)
          } finally {
            clearTimeout(timer)
            signal.removeEventListener('abort', close)
            close()
          }
        },
      }
    },
  }
}

/** Waits for the request that brings the person back. Any other request gets an error, and the wait goes on. */
function comeBack(server: Server, host: string, path: string, state: string): Promise<string> {
  return new Promise((resolve) => {
    server.on('request', (request, response) => {
      const url = URL.parse(`http://${host}${request.url}`)
      if (request.headers.host !== host || url?.pathname !== path) return answer(response, 404, 'Not found')
      if (request.method !== 'GET') return answer(response, 405, 'Not allowed')
      if (url.searchParams.get('state') !== state) {
        return answer(response, 400, 'This page belongs to another request.')
      }
      response.on('close', () => resolve(`http://${host}${request.url}`))
      answer(response, 200, 'Done. You can close this window.')
    })
  })
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    connection: 'close',
  })
  response.end(page(text))
}

/** @throws RedirectError without the error of the package as its cause, because that error may hold the URL */
async function launchBrowser(url: string, issuer: string): Promise<void> {
  try {
    const { default: launch } = await import('open')
    await launch(url)
  } catch {
    throw new RedirectError('The browser could not be opened (is the package open installed?)', { issuer })
  }
}

function listen(server: Server, port: number, issuer: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new RedirectError(`Port ${port} on 127.0.0.1 cannot be used`, { issuer, cause })),
    )
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
