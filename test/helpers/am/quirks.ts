/** The deviations of the older protocols, under the names that tests use. */
export {
  type ManagerDeviations as AmQuirks,
  managerAsSpecified as amOrderly,
  openAm,
} from '../../../src/testing/older/deviations.ts'
export {
  type OlderHostDeviations as AmHostQuirks,
  olderHostAsSpecified as amHostOrderly,
} from '../../../src/testing/older/host-deviations.ts'
