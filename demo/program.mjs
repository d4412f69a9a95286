// What the three programs share, so that they hold nothing but what a program of yours would hold.

/** Where the photos are, and who decides on them: set by demo/run.ts. */
export const { PHOTOS, ISSUER } = process.env
if (!PHOTOS || !ISSUER) {
  console.error('Start it with: npm run demo')
  process.exit(2)
}

const tell = (message) => process.send?.(message)

// If the demo goes away, so does this program.
process.on('disconnect', () => process.exit(1))
process.channel?.unref()

/** For `createRequester({ onEvent })`: hands what the requester tells about its work to the narrator. */
export const onEvent = (event) => tell({ event })

/** Runs one step and tells the narrator about it. A step that fails ends the program. */
export async function step(title, task) {
  tell({ begin: title })
  try {
    tell({ end: await task() })
  } catch (error) {
    console.error(error)
    process.exitCode = 1
    // Leave once the narrator knows why.
    if (process.send) process.send({ failed: `${error.name}: ${error.message}` }, () => process.exit(1))
    else process.exit(1)
    await new Promise(() => {})
  }
}

/** Fails the step that it is called in. */
export function expect(condition, what) {
  if (!condition) throw new Error(`expected ${what}`)
}
