const membersOf = (list: string): string[] => list.split(',').map((member) => member.trim().toLowerCase())

/** A header field's list with these members too (RFC 9110 §5.6.1); `*` stands for all. */
export function withMembers(before: string | undefined | null, more: string): string {
  if (!before) return more
  const there = membersOf(before)
  if (there.includes('*')) return before
  const missing = more.split(',').filter((member) => !there.includes(member.trim().toLowerCase()))
  return [before, ...missing.map((member) => member.trim())].join(', ')
}

/** Fields that the warden and a handler may both have something to say in. */
export const shared: ReadonlySet<string> = new Set(['Vary', 'Access-Control-Expose-Headers'])
