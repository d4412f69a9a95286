import type { HeaderPatch, Presentation } from '../bindings/binding.ts'
import type { Grant } from '../protocol/oauth/grant.ts'
import type { Authority } from '../trust/authority.ts'

/** The headers that present a grant, if they depend on the grant alone; `undefined`: each send presents by itself. */
export function presentHeaders({ binding }: Pick<Authority, 'binding'>, grant: Grant): HeaderPatch | undefined {
  if (!binding.reusable) return undefined
  const presentation = binding.present(grant, { method: '', url: '' }) as Presentation
  return presentation.headers
}
