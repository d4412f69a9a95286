import { expect, test } from 'vitest'
import { createFlow, flowLimits } from '../../../src/flow/flow.ts'
import { firstEffect } from '../../../src/flow/transitions.ts'
import { base } from './kit.ts'

test('a new flow has used nothing up', () => {
  const facts = {
    id: 7,
    issuer: 'https://as.example',
    client: 'album',
    party: 'alice',
    place: { method: 'GET', url: 'https://photos.example/1.jpg' },
    scheme: 'uma2',
    scope: 'view',
    parameters: { audience: 'photos' },
    interactive: false,
    epoch: 3,
    deadline: 1000,
    limits: base.limits,
  }
  expect(createFlow(facts)).toEqual({
    v: 2,
    at: 'look',
    id: 7,
    issuer: 'https://as.example',
    client: 'album',
    party: 'alice',
    place: { method: 'GET', url: 'https://photos.example/1.jpg' },
    scheme: 'uma2',
    scope: 'view',
    parameters: { audience: 'photos' },
    interactive: false,
    epoch: 3,
    requiredClaims: [],
    resume: 'look',
    without: [],
    claimsSent: [],
    pushClaims: false,
    triedNewest: false,
    issued: false,
    refreshed: false,
    rounds: 0,
    polls: 0,
    recoveries: 0,
    deadline: 1000,
    limits: base.limits,
  })
})

test('the default bounds', () => {
  expect(flowLimits({}, false)).toEqual({
    rounds: 5,
    polls: 60,
    pollInterval: 5,
    minPollInterval: 1,
    redirect: false,
    pushClaims: false,
  })
})

test('the bounds that the options give', () => {
  const options = {
    maxRounds: 2,
    polling: { max: 7, interval: 8, minInterval: 3 },
    onRedirect: async () => 'https://app.example/back',
  }
  expect(flowLimits(options, true)).toEqual({
    rounds: 2,
    polls: 7,
    pollInterval: 8,
    minPollInterval: 3,
    redirect: true,
    pushClaims: true,
  })
})

test('an explicit sign-in begins with a look at the tokens of the party', () => {
  const { at: _at, ...facts } = base
  const flow = createFlow({ ...facts, goal: 'sign-in' })
  expect([flow.at, flow.goal, firstEffect(flow)]).toEqual(['refresh', 'sign-in', { kind: 'refresh' }])
})
