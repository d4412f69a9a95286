import type { MiddlewareHandler } from 'hono'
import { dressed, type Guarding, remember, toResponse } from './guard.ts'
import { factsOf } from './request-facts.ts'
import type { GuardOptions } from './warden.ts'

/**
 * Middleware for Hono. Handlers find who was let through with `accessOf(c.req.raw)`.
 *
 * @example app.use('*', honoGuard(host))
 */
export function honoGuard(host: Guarding, options?: GuardOptions): MiddlewareHandler {
  return async (c, next) => {
    const { raw } = c.req
    const verdict = await host.judge(factsOf(raw), options)
    if ('answer' in verdict) return toResponse(verdict.answer, raw.method)
    remember(raw, verdict.access)
    await next()
    const { res } = c
    const own = dressed(res, verdict)
    if (own !== res) {
      // Hono would add the old headers to the new ones.
      c.res = undefined
      c.res = own
    }
  }
}
