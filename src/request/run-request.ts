import { abortable } from '../async/abortable.ts'
import type { Tell, TellFor } from '../events.ts'
import { forgetRedirects } from '../flow/people/redirect-counts.ts'
import type { Party } from '../parties/party.ts'
import { type RptRefresher, refreshRpt } from '../parties/refresh-rpt.ts'
import { type Place, targetOf, toPlace } from '../wallet/place.ts'
import { isExpired, type Rpt } from '../wallet/rpt.ts'
import { answerChallenges, type RequestAccess } from './answer-challenges.ts'
import { hashOperation, knownOperation } from './operation.ts'
import type { UmaRequestOptions } from './options.ts'
import type { RequestDriver } from './request-driver.ts'
import { notePresented, type RequestRun } from './request-run.ts'
import { send } from './send.ts'

/** The parts of a requester that running a request uses. */
export interface RunAccess extends RequestAccess, Omit<RptRefresher, 'tell' | 'trust'> {
  tellFor: TellFor
  /** Numbers the requests. */
  nextRequest(): number
}

const noOptions: UmaRequestOptions = {}

/**
 * Runs one request: sends it with the RPT that the wallet has for it, and answers the challenges of the host.
 *
 * @returns the host's answer, untouched
 * @throws UmaError, or the error of the HTTP library
 */
export async function runRequest<R>(
  access: RunAccess,
  party: Party,
  driver: RequestDriver<R>,
  uma: UmaRequestOptions = noOptions,
): Promise<R> {
  // Another process may have signed the party out a while ago.
  const look = party.stored?.recent()
  if (look !== undefined) await abortable(look, driver.signal)
  const { method, url } = driver
  const operation = uma.operation === undefined ? undefined : knownOperation(uma.operation)
  // The hash of a new operation takes an await.
  if (uma.operation !== undefined && operation === undefined) return runUnknown(access, party, driver, uma)
  const rpt = party.wallet.at(method, targetOf({ url, operation }))
  if (!rpt?.headers || isExpired(rpt)) return runUnknown(access, party, driver, uma)
  // The way of most requests: a look-up stands between the application and the wire, and nothing else.
  const { revision, headers } = rpt
  const result = await driver.send(headers)
  const isOpen = driver.status(result) < 400
  if (isOpen && !access.hasRedirect) return result
  const place: Place = operation === undefined ? { method, url } : { method, url, operation }
  if (isOpen) {
    void forgetRedirects(party, place)
    return result
  }
  const run = createRun(tellOf(access, party), party, driver, uma, place, result)
  notePresented(run, rpt, revision)
  return answerChallenges(access, run)
}

/** A request for a place that the wallet does not know by this exact URL, or whose RPT has expired. */
async function runUnknown<R>(
  access: RunAccess,
  party: Party,
  driver: RequestDriver<R>,
  uma: UmaRequestOptions,
): Promise<R> {
  const operation = uma.operation === undefined ? undefined : await hashOperation(uma.operation)
  const place = toPlace(driver.method, driver.url, operation)
  if (!place) return driver.send(undefined)
  const host = new URL(place.url).origin
  const ready = party.stored?.ready(host)
  if (ready !== undefined) await abortable(ready, driver.signal)
  if (uma.preflight && place.method !== 'HEAD' && !party.wallet.at(place.method, targetOf(place))) {
    await preflight(access, party, driver, uma, place)
  }
  const tell = tellOf(access, party)
  const rpt = await freshRpt({ ...access, tell }, party, driver, place, host)
  const revision = rpt?.revision ?? 0
  const result = await send(access, { driver, host, tell, party, place }, rpt)
  // Nothing was presented and nothing is missing: this request needs no RPT.
  if (!rpt && driver.status(result) < 400) return result
  const run = createRun(tell, party, driver, uma, place, result)
  notePresented(run, rpt, revision)
  return answerChallenges(access, run)
}

/** Goes on with a request that was sent without an RPT before the engine was loaded, from its answer. */
export async function continueRequest<R>(
  access: RunAccess,
  party: Party,
  driver: RequestDriver<R>,
  uma: UmaRequestOptions | undefined,
  result: R,
): Promise<R> {
  const operation = uma?.operation === undefined ? undefined : await hashOperation(uma.operation)
  const place = toPlace(driver.method, driver.url, operation)
  if (!place) return result
  return answerChallenges(access, createRun(tellOf(access, party), party, driver, uma ?? noOptions, place, result))
}

/** Tells about this request, by its number. */
const tellOf = ({ tellFor, nextRequest }: RunAccess, party: Party): Tell => tellFor(party.name, nextRequest())

function createRun<R>(
  tell: Tell,
  party: Party,
  driver: RequestDriver<R>,
  uma: UmaRequestOptions,
  place: Place,
  result: R,
): RequestRun<R> {
  return {
    driver,
    uma,
    party,
    place,
    host: new URL(place.url).origin,
    tell,
    result,
    rpt: undefined,
    presentedRevision: 0,
    tried: new Set(),
    flows: 0,
    heldSends: 0,
    reregistered: false,
  }
}

/** Asks for the challenge with HEAD first. The place is the one of the request that the HEAD stands for. */
async function preflight<R>(
  access: RunAccess,
  party: Party,
  driver: RequestDriver<R>,
  uma: UmaRequestOptions,
  place: Place,
): Promise<void> {
  const { preflight: _done, ...rest } = uma
  const head: RequestDriver<R> = {
    ...withoutGetters(driver),
    url: place.url,
    replayable: true,
    send: (headers, changes) => driver.send(headers, { ...changes, preflight: true }),
  }
  driver.answer(await runRequest(access, party, head, rest)).discard()
}

/** A copy of a driver whose properties may be getters or methods of a class. */
function withoutGetters<R>(driver: RequestDriver<R>): RequestDriver<R> {
  const { method, url, authorized, replayable, signal, form, stored } = driver
  return {
    method,
    url,
    authorized,
    replayable,
    signal,
    form,
    stored,
    send: (headers, changes) => driver.send(headers, changes),
    status: (result) => driver.status(result),
    answer: (result) => driver.answer(result),
  }
}

/** The RPT for a place. An RPT that has expired is refreshed or dropped, and then the next one is looked for. */
async function freshRpt<R>(
  access: RunAccess & RptRefresher,
  party: Party,
  driver: RequestDriver<R>,
  place: Place,
  host: string,
): Promise<Rpt | undefined> {
  let last: Rpt | undefined
  for (;;) {
    const rpt = await findRpt(access, party, driver, place, host)
    if (!rpt || !isExpired(rpt)) return rpt
    // The RPT could neither be refreshed nor dropped now.
    if (rpt === last) return undefined
    if (await abortable(refreshRpt(access, party, rpt), driver.signal)) return rpt
    last = rpt
  }
}

async function findRpt<R>(
  { trust }: RunAccess,
  { wallet }: Party,
  driver: RequestDriver<R>,
  place: Place,
  host: string,
): Promise<Rpt | undefined> {
  const exact = wallet.at(place.method, targetOf(place))
  // A guess does not replace the caller's own Authorization.
  if (exact || driver.authorized || !wallet.hasRpts(host)) return exact
  return wallet.nearest(place, await trust.onlySpeakerFor(host))
}
