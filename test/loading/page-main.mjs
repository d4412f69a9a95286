import { createRequester } from 'uma-requester'
import { startPage } from './page-program.mjs'

await startPage(createRequester)
