/** Reading the body of a token request: a form, or JSON as SolidLab sends it. */
import { jsonObject } from '../wire/request.ts'

export interface ClaimTokenPair {
  claim_token: string
  claim_token_format: string
}

export interface TokenRequestBody {
  parameters: URLSearchParams
  /** JSON only: several claim tokens in one request */
  claimTokens?: ClaimTokenPair[]
}

export async function readTokenRequest(request: Request): Promise<TokenRequestBody> {
  return parseTokenRequest(await request.text(), request.headers.get('content-type') ?? '')
}

export function parseTokenRequest(text: string, contentType: string): TokenRequestBody {
  const members = contentType.includes('json') ? jsonObject(text) : undefined
  if (members === undefined) return { parameters: new URLSearchParams(text) }
  const { claim_token: claimTokens, ...others } = members
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(others)) {
    parameters.set(name, asText(value))
  }
  if (Array.isArray(claimTokens)) return { parameters, claimTokens: claimTokens.filter(isPair) }
  if (claimTokens !== undefined) parameters.set('claim_token', asText(claimTokens))
  return { parameters }
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

const isPair = (value: unknown): value is ClaimTokenPair => {
  const pair = value as Partial<ClaimTokenPair> | null
  return typeof pair?.claim_token === 'string' && typeof pair.claim_token_format === 'string'
}
