/** Unguessable text: tickets, tokens and ids. */
import { base64url } from 'jose'

export const random = (bytes = 24): string => base64url.encode(crypto.getRandomValues(new Uint8Array(bytes)))
