/** What relative URLs are relative to; undefined outside of pages and workers. */
export const baseUrl = (): string | undefined => globalThis.document?.baseURI ?? globalThis.location?.href
