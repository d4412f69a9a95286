import type { TokenParameters } from '../authorization-server/token-request.ts'
import type { Tell } from '../events.ts'
import type { Party } from '../parties/party.ts'
import type { Authority } from '../trust/authority.ts'
import type { Place } from '../wallet/place.ts'

/** The options of a request that concern its flow. */
export interface FlowRequestOptions {
  scope?: string | undefined
  parameters?: TokenParameters | undefined
  interactive?: boolean | undefined
}

/** The part of a request that may wait in storage: no `Authorization`, and no body but text. */
export interface StoredRequest {
  headers: Record<string, string>
  body?: string | undefined
}

/** The target of a flow: for whom it asks, which server, and for which place. */
export interface FlowTarget {
  party: Party
  authority: Authority
  place: Place
  /** The origin of the place: the only one that will see the RPT. */
  host: string
  uma: FlowRequestOptions
  /** The part of the request that may wait in storage while a person is away. */
  stored?: (() => StoredRequest | undefined) | undefined
  tell: Tell
}

/** Names the flow that requests with this target share. A request that allows no interaction has flows of its own. */
export function sharedFlowKey({ authority, place, uma }: Pick<FlowTarget, 'authority' | 'place' | 'uma'>): string {
  const { method, url, operation } = place
  return JSON.stringify([authority.key, method, url, operation, uma.scope, uma.parameters, uma.interactive])
}
