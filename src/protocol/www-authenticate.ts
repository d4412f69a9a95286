/** One challenge of a `WWW-Authenticate` field (RFC 9110 §11.3). */
export interface AuthChallenge {
  scheme: string
  token68?: string
  params: Record<string, string>
  conflict?: string[]
}
export interface ParsedChallenges {
  challenges: AuthChallenge[]
  issues: string[]
}
export function parseWwwAuthenticate(
  value: string | readonly string[] | null | undefined,
  maxLength = 16384,
): ParsedChallenges {
  const text = [value ?? ''].flat().join(', ')
  const challenges: AuthChallenge[] = []
  if (text.length > maxLength) return { challenges, issues: ['too-long'] }
  for (const part of text.split(/,\s*(?=[A-Za-z]+ )/)) {
    const m = /^\s*([A-Za-z]+)\s+(.*)$/s.exec(part)
    if (!m) continue
    const params: Record<string, string> = {}
    for (const p of (m[2] as string).matchAll(/([a-z_]+)="?([^",]*)"?/g)) params[p[1] as string] = p[2] as string
    challenges.push({ scheme: (m[1] as string).toLowerCase(), params })
  }
  return { challenges, issues: [] }
}
