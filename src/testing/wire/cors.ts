/** Cross-origin requests (CORS). */
import { type Answer, withHeaders } from './answer.ts'

export interface CorsHeaders {
  methods: string
  headers: string
  /** headers of an answer that a page may read */
  expose: string
}

/** The answer to a preflight request. */
export const preflightAnswer = ({ methods, headers }: CorsHeaders): Answer => ({
  status: 204,
  headers: {
    'access-control-allow-methods': methods,
    'access-control-allow-headers': headers,
    'access-control-max-age': '0',
  },
})

export function allowOrigins(answer: Answer, expose: string): Answer {
  if (answer.status === 0) return answer
  const exposed: Record<string, string> = expose === '' ? {} : { 'access-control-expose-headers': expose }
  return withHeaders(answer, { 'access-control-allow-origin': '*', ...exposed })
}
