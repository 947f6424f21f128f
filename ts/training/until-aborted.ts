import type { Batches } from '../data/arrays.js'

/** The batches of an iterable until a signal ends them, even while one of them is awaited: then the signal's reason is raised. */
export async function* untilAborted<Batch>(
  batches: Batches<Batch>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Batch> {
  if (!signal) {
    yield* batches
    return
  }
  const iterator = untilAborted(batches, undefined)
  try {
    for (;;) {
      const { done, value } = await orAborted(iterator.next(), signal)
      if (done) return
      yield value
    }
  } finally {
    const closed = iterator.return(undefined)
    // A batch that never comes would hold up the end of its iterable for ever.
    if (signal.aborted) closed.catch(() => {})
    else await closed
  }
}

function orAborted<T>(pending: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    pending.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
