/** The bearer binding (RFC 6750 §2.1). */
import { expect, test } from 'vitest'
import { bearerBinding } from '../../../src/bindings/bearer.ts'

const request = Object.freeze({ method: 'GET', url: 'https://photos.example.com/1.jpg' })

test('presents a grant as Authorization: Bearer, and nothing without a grant', () => {
  const grant = Object.freeze({ token: 'rpt1', type: 'bearer' })
  expect(bearerBinding.present(grant, request)).toEqual({ headers: { authorization: 'Bearer rpt1' } })
  expect(bearerBinding.present(undefined, request)).toEqual({})
})

test('depends on the grant alone, and adds to no other request', () => {
  expect(bearerBinding).toMatchObject({ name: 'bearer', reusable: true })
  expect([bearerBinding.withoutGrant, bearerBinding.presentTokenRequest, bearerBinding.answered]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})
