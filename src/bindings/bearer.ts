import type { Binding } from './binding.ts'

/** Presents the token as `Authorization: Bearer` (RFC 6750 §2.1). */
export const bearerBinding: Binding = {
  name: 'bearer',
  reusable: true,
  present: (grant) => (grant ? { headers: { authorization: `Bearer ${grant.token}` } } : {}),
}
