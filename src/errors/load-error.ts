import { UmaError } from './uma-error.ts'

/**
 * A part of this package could not be loaded, such as the code of an option. `code`: `load_failed`. The next use loads
 * the part again, but Chromium remembers a failed `import()` until the page is reloaded, so `retryable` is `false`.
 */
export class LoadError extends UmaError {
  override name = 'LoadError'
  override readonly code = 'load_failed'
}

/**
 * Loads a part of this package.
 *
 * @param name the option or function that the part belongs to, for the message
 * @param load calls `import()`; it is called again the next time
 * @throws LoadError
 */
export async function loadPart<Part>(name: string, load: () => Promise<Part>): Promise<Part> {
  try {
    return await load()
  } catch (cause) {
    const advice = globalThis.document === undefined ? '' : '; reload the page'
    throw new LoadError(`The code of ${name} could not be loaded${advice}`, { cause })
  }
}
