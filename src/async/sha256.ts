/**
 * A hash of a text. Names a secret in storage without revealing it: the SHA-256 as 64 hexadecimal digits.
 *
 * A page without https has no SubtleCrypto. There, everything travels in the clear anyway, and the hash is a simple one.
 */
export async function sha256(text: string): Promise<string> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto.subtle
  if (!subtle) return simpleHash(text)
  const digest = await subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), hex).join('')
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0')

/** Eight 32-bit FNV-1a hashes with different seeds, as 64 hexadecimal digits. */
function simpleHash(text: string): string {
  return Array.from({ length: 8 }, (_, seed) => fnv1a(`${seed} ${text}`).toString(16).padStart(8, '0')).join('')
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0
  return hash
}
