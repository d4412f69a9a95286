/**
 * A scheme for a server that speaks UMA 2.0, but in JSON under names of its own, and at `uma_token_uri` instead of
 * `token_endpoint`. Only names are translated; UMA 2.0's scheme takes the decisions. See docs/guide/schemes.md.
 *
 *   const server = { issuer, hosts, client: { id, auth: clientSecretBasic(secret) }, scheme: jsonDialect }
 */
import { defineScheme, readObject, uma2 } from 'uma-requester/scheme'
/** @import { AskStep, EndpointAnswer, TokenParameters } from 'uma-requester/scheme' */

export const jsonDialect = defineScheme({
  name: 'json-dialect',
  endpoints: ['uma_token_uri'],
  redirect: uma2.redirect,
  next(state, input, facts) {
    if ('answer' in input) return uma2.next(state, { answer: translateAnswer(input.answer) }, facts)
    const metadata = { ...facts.metadata, token_endpoint: String(facts.metadata.uma_token_uri) }
    const turn = uma2.next(state, input, { ...facts, metadata })
    return turn.step.kind === 'ask' ? { ...turn, step: translateRequest(turn.step) } : turn
  },
})

/** @type {(step: AskStep) => AskStep} */
function translateRequest({ form = {}, ...step }) {
  const { ticket, rpt, pct, scope, claim_token: token, claim_token_format: format } = form
  const proof = token && { token, format }
  return { ...step, json: { permissionTicket: ticket, currentToken: rpt, memory: pct, actions: scope, proof } }
}

/** The server's outcomes, as status and `error` of UMA 2.0. @type {Map<unknown, { status: number, error?: string }>} */
const outcomes = new Map([
  ['granted', { status: 200 }],
  ['person', { status: 403, error: 'need_info' }],
  ['asked', { status: 403, error: 'request_submitted' }],
  ['denied', { status: 403, error: 'request_denied' }],
  ['stale', { status: 400, error: 'invalid_grant' }],
])

/** @type {(answer: EndpointAnswer) => EndpointAnswer} */
function translateAnswer(answer) {
  const { outcome, token, validFor, memory: pct, nextTicket: ticket, page, seconds } = readObject(answer.text) ?? {}
  // An unknown outcome is no answer, whatever its status.
  const { status, error } = outcomes.get(outcome) ?? { status: 500, error: undefined }
  const grant = { access_token: token, token_type: 'Bearer', expires_in: validFor, pct, upgraded: true }
  const refusal = { error, ticket, redirect_user: page, interval: seconds }
  return { ...answer, status, text: JSON.stringify(status === 200 ? grant : refusal) }
}
