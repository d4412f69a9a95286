/** A recorder that tells each message as it happens, and gives the servers' plain pages a better look. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { HOST_AGENT } from '../../test/helpers/host.ts'
import { WireRecorder } from '../../test/helpers/recorder.ts'
import { answer, arrow, type Draft } from './messages.ts'

export interface TapOptions {
  /** @param at milliseconds since 1970, with fractions */
  tell: (draft: Draft, at: number) => void
  /** Style sheets for the pages of a server. */
  style: Record<string, string>
  /** What a server answers besides its own; true: it was answered. */
  answers: Record<string, (req: IncomingMessage, res: ServerResponse) => boolean>
}

export class Tap extends WireRecorder {
  readonly #options: TapOptions

  constructor(options: TapOptions) {
    super()
    this.#options = options
  }

  override wrap(listener: RequestListener, server: string, origin: string | (() => string)): RequestListener {
    return super.wrap((req, res) => this.#watch(listener, server, req, res), server, origin)
  }

  #watch(listener: RequestListener, server: string, req: IncomingMessage, res: ServerResponse): void {
    const { tell, style, answers } = this.#options
    const request = this.requests.at(-1)
    const hostsOwn = req.headers['user-agent'] === HOST_AGENT
    let arrived = false
    // Its body is there when the request has ended, or at the latest when it is answered.
    const tellArrow = (): void => {
      const draft = arrived ? undefined : request && arrow(request, hostsOwn)
      arrived = true
      if (draft) tell(draft, now())
    }
    req.once('end', tellArrow)
    if (req.method === 'GET') tellArrow()
    const chunks: Buffer[] = []
    const end = res.end.bind(res) as (chunk?: unknown, ...rest: unknown[]) => ServerResponse
    res.end = ((chunk?: unknown, ...rest: unknown[]) => {
      let text = typeof chunk === 'string' || Buffer.isBuffer(chunk) ? chunk.toString() : ''
      // A page that says itself what may be in it is left alone.
      const page =
        String(res.getHeader('content-type') ?? '').startsWith('text/html') && !res.hasHeader('content-security-policy')
      if (page) {
        text = text.replace(/<body( style="[^"]*")?/, `<style>${style[server] ?? ''}</style><body`)
        if (res.hasHeader('content-length')) res.setHeader('content-length', Buffer.byteLength(text))
      }
      chunks.push(Buffer.from(text))
      tellArrow()
      // Taken before it goes out: the page may have it, and say so, before this goes on.
      const at = now()
      const result = page ? end(text) : end(chunk, ...rest)
      const draft = request && answer(request, Buffer.concat(chunks).toString(), hostsOwn)
      if (draft) tell(draft, at)
      return result
    }) as typeof res.end
    if (!answers[server]?.(req, res)) listener(req, res)
  }
}

const now = (): number => performance.timeOrigin + performance.now()
