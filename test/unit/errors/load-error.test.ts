import { afterEach, describe, expect, it, vi } from 'vitest'
import { LoadError, loadPart } from '../../../src/errors/index.ts'

afterEach(() => void vi.unstubAllGlobals())

describe('loadPart', () => {
  it('loads', async () => {
    expect(await loadPart('pageRedirect', async () => ({ value: 5 }))).toEqual({ value: 5 })
  })

  it('names the part that could not be loaded, and calls the loader again next time', async () => {
    const cause = new TypeError('Failed to fetch dynamically imported module')
    const load = vi.fn(async () => 'loaded').mockRejectedValueOnce(cause)
    const error = await loadPart('pageRedirect', load).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(LoadError)
    expect(error).toMatchObject({ name: 'LoadError', code: 'load_failed', retryable: false, cause })
    expect((error as LoadError).message).toBe('The code of pageRedirect could not be loaded')
    expect(await loadPart('pageRedirect', load)).toBe('loaded')
  })

  it('advises to reload a page', async () => {
    vi.stubGlobal('document', {})
    const loading = loadPart('codeFlow', () => Promise.reject(new Error('x')))
    await expect(loading).rejects.toThrow('The code of codeFlow could not be loaded; reload the page')
  })

  it('catches a loader that throws at once', async () => {
    const loading = loadPart('codeFlow', () => {
      throw new Error('x')
    })
    await expect(loading).rejects.toBeInstanceOf(LoadError)
  })
})
