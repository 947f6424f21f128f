// Terminates worker threads in the middle of their runs, many times: asynchronous runs of short and long steps, two at once on
// one store, with synchronous runs between them. The main thread loads no addon, so only worker threads hold the library.
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const sizes = [8, 64, 128]

async function terminateMany(count) {
  for (let i = 0; i < count; i++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: sizes[i % sizes.length] })
    await once(worker, 'message')
    await setTimeout((7 * i) % 20)
    await worker.terminate()
  }
}

async function runForever({ run }, steps) {
  for (;;) await run(steps)
}

if (isMainThread) {
  await Promise.all([terminateMany(15), terminateMany(15)])
  console.log('all terminated')
} else {
  const { multiplier } = await import('./multiplier.mjs')
  const work = multiplier(workerData)
  const steps = workerData < 64 ? 20_000 : 200
  runForever(work, steps)
  runForever(work, steps)
  if (workerData === 64) setInterval(() => work.runSync(1), 1)
  parentPort.postMessage('started')
}
