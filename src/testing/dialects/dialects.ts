/** How deployed products deviate from the specification. Versions of a product differ. */
import type { Deviations } from './deviations.ts'

export type DialectName = 'keycloak' | 'gluu' | 'gravitee' | 'solidlab' | 'wso2' | 'openam'

export const dialects: Record<DialectName, Partial<Deviations>> = {
  keycloak: {
    rptFormat: 'jwt',
    statelessTickets: true,
    denial: 'keycloak',
    submitted: 'keycloak',
    invalidTicket: 'keycloak',
    badRpt: 'invalid_rpt-403',
    pctOff: true,
    refreshTokens: true,
    introspection: 'keycloak',
  },
  /** also Janssen */
  gluu: {
    upgrade: 'same-string',
    omitExpiresIn: true,
    denial: 'gluu',
    invalidTicket: 'gluu',
    badRpt: 'invalid_rpt-400',
    badPct: 'invalid_pct-401',
    redirectUserStyle: 'gluu',
  },
  gravitee: { upgrade: 'true-always', sameTicket: true, denial: 'gravitee', badRpt: 'invalid_grant-400' },
  solidlab: {
    upgrade: 'never',
    rptFormat: 'jwt',
    omitExpiresIn: true,
    pctOff: true,
    refreshTokens: true,
    rotateRefresh: true,
    needInfoWithoutError: true,
    requiredClaimsShape: 'strings',
    denial: 'solidlab',
    invalidTicket: 'solidlab',
    permissionForm: 'array',
    introspection: 'solidlab-400',
    onePatPerClient: true,
    patStatus: 201,
  },
  wso2: { denial: 'wso2', requireClaimsUpFront: true },
  /** also PingAM */
  openam: { denial: 'openam', submitted: 'openam', invalidTicket: 'openam' },
}
