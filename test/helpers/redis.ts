/**
 * Where the tests' Redis server is, or undefined: tests that need one say `describe.skipIf(!redisUrl)`. It is the one that
 * UMA_TEST_REDIS_URL names, or one that `npm test` starts (redis-server.ts). Keys there are shared by all tests: use names of your own.
 */
export const redisUrl: string | undefined = process.env.UMA_TEST_REDIS_URL || undefined
