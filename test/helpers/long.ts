/** The sizes of tests that draw random cases or repeat themselves: small in `npm test`, large in `npm run test:long`. */
export const long: boolean = process.env.UMA_TEST_LONG === '1'

/** @returns `small` in `npm test`, `large` in `npm run test:long` */
export const repetitions = (small: number, large: number): number => (long ? large : small)
