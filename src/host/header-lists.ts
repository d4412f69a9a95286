/** Headers that are lists: what a guard has to say there stands beside what a handler says. */

/** Whether it is one of those that guards write. */
export const isList = (name: string): boolean => name === 'Vary' || name === 'Access-Control-Expose-Headers'

/** Whether a preflight without a permission may carry this header of the handler. */
export const isForPreflights = (name: string): boolean => /^(?:access-control-.*|vary)$/i.test(name)

const membersOf = (list: string): string[] => list.split(',').map((member) => member.trim())

/** What `name` has to say with `more` added to it. Members are compared without case; beside `Vary: *` there is nothing to say. */
export function withMembers(name: string, list: string | null | undefined, more: string): string {
  if (!list || list === more) return more
  const there = new Set(membersOf(list.toLowerCase()))
  if (name === 'Vary' && there.has('*')) return list
  const missing = membersOf(more).filter((member) => !there.has(member.toLowerCase()))
  return missing.length ? `${list}, ${missing.join(', ')}` : list
}
