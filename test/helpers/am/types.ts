/** The words of the older protocols, under the names that tests use. */
export {
  type Aat,
  type Era,
  type HostPermission as AmPermission,
  type ManagerClient as AmClient,
  type ManagerDecision as AmDecision,
  type ManagerPolicy as AmPolicy,
  type ManagerPolicyRequest as AmPolicyRequest,
  type ManagerRpt as AmRpt,
  type ManagerState as AmState,
  type ManagerTicket as AmTicket,
  ownerOf,
} from '../../../src/testing/older/types.ts'
