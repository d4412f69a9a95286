/** The deviations of the simulated host, under the names that tests use. */
export {
  type ChallengeFacts,
  type ChallengeStyle,
  type HostDeviations as HostQuirks,
  hostAsSpecified as orderly,
  type RequestView,
} from '../../../src/testing/host/deviations.ts'
