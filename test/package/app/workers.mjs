// Trains in two worker threads at once, and terminates one in the middle of its fit.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const start = (epochs) => new Worker(new URL('fit.mjs', import.meta.url), { workerData: epochs })
const endless = start(1_000_000)
const short = start(5)
let last
short.on('message', (message) => {
  last = message
})
const ended = once(short, 'exit')
await once(endless, 'message')
await endless.terminate()
const [code] = await ended
console.log(JSON.stringify({ ...last, code }))
