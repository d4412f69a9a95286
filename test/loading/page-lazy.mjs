import { createRequester } from 'uma-requester/lazy'
import { startPage } from './page-program.mjs'

await startPage(createRequester)
