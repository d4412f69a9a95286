/**
 * The redirect to a server on this machine, for programs in Node (RFC 8252 §7.3).
 *
 * @module
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { deferred } from '../async/deferred.ts'
import { RedirectError, UmaTimeoutError } from '../errors/index.ts'
import type { OpenableRedirectHandler } from '../flow/options.ts'

/** Options of `loopbackRedirect`. */
export interface LoopbackRedirectOptions {
  /** Shows the person where to go, besides or instead of `open`. The URL holds a ticket: not for log files. */
  show?: (url: string) => void
  /**
   * Open the URL in the person's browser with the `open` package, which must be installed. Where that fails, `show` has to do.
   * Default: false.
   */
  open?: boolean
  /** A fixed port, where the authorization server wants the exact URI. Default: any free one. */
  port?: number
  /** Percent-encoded, without a query. Default: `/callback`. */
  path?: string
  /** Milliseconds that the person has. Default: 300 000. */
  timeout?: number
}

const page = (text: string): string =>
  `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>${text}</title><p>${text}</p>`

/**
 * Waits on 127.0.0.1 for the person to come back. The server lives as long as the redirect does: it answers one path of one host
 * name, and a request with another state does not use it up.
 */
export function loopbackRedirect(options: LoopbackRedirectOptions): OpenableRedirectHandler {
  const { show, open = false, port = 0, path = '/callback', timeout = 300_000 } = options
  if (!show && !open) throw new TypeError('loopbackRedirect: say how the person learns the URL: show, or open: true')
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
      // A server that is closed before it listens would never say that it does.
      if (signal.aborted) close()
      signal.throwIfAborted()
      signal.addEventListener('abort', close)
      return {
        redirectUri: `http://${host}${path}`,
        uniqueRedirectUri: port === 0,
        async run({ url, state }) {
          const late = deferred<never>()
          const abort = (): void => late.reject(signal.reason)
          const timer = setTimeout(() => {
            late.reject(new UmaTimeoutError(`Nobody came back within ${timeout} ms`, { issuer }))
          }, timeout)
          signal.addEventListener('abort', abort)
          if (signal.aborted) abort()
          try {
            const back = comeBack(server, host, path, state)
            show?.(url)
            if (open) launchBrowser(url, issuer).catch((error) => !show && late.reject(error))
            return await Promise.race([back, late.promise])
          } finally {
            clearTimeout(timer)
            signal.removeEventListener('abort', abort)
            signal.removeEventListener('abort', close)
            close()
          }
        },
      }
    },
  }
}

/** Waits for the one request that brings the person back. Any other request is answered and changes nothing. */
function comeBack(server: Server, host: string, path: string, state: string): Promise<string> {
  return new Promise((resolve) => {
    server.on('request', (request, response) => {
      const url = URL.parse(`http://${host}${request.url}`)
      if (request.headers.host !== host || url?.pathname !== path) return answer(response, 404, 'Not found')
      if (request.method !== 'GET') return answer(response, 405, 'Not allowed')
      if (url.searchParams.get('state') !== state) {
        return answer(response, 400, 'This is not the answer that was waited for')
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

/** @throws RedirectError; the error of the package is left out, because it may hold the URL with the ticket */
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
