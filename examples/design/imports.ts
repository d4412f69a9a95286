/** Where the parts of the package come from. */
// biome-ignore-all assist/source/organizeImports: as in the documentation
// biome-ignore-all format: as in the documentation
import { createRequester, none, bearer, isUmaError, findUmaError } from 'uma-requester' // or createRequester from 'uma-requester/lazy'
import { attachRequester } from 'uma-requester/axios'
import { extendKy } from 'uma-requester/ky'
import { pageRedirect } from 'uma-requester/redirect/page' // also: popup, loopback, server
import { handleCallback } from 'uma-requester/callback' // one function for page, popup and server
import { serverRedirect, redirectOf } from 'uma-requester/redirect/server'
import { indexedDBStorage } from 'uma-requester/storage/indexed-db' // also: web-storage, sqlite, redis, key-value
import { codeFlow } from 'uma-requester/sign-in'
import { dynamicClient } from 'uma-requester/client/dynamic'
import { inspect, parties } from 'uma-requester/inspect'
import { defineScheme, uma2, parseChallenges } from 'uma-requester/scheme'

export const requester = [createRequester, none, bearer, isUmaError, findUmaError, inspect, parties]
export const adapters = [attachRequester, extendKy]
export const people = [pageRedirect, handleCallback, serverRedirect, redirectOf, codeFlow]
export const parts = [indexedDBStorage, dynamicClient, defineScheme, parseChallenges]
export const scheme = uma2
