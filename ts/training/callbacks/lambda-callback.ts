import { type Callback, CallbackList } from './callback.js'

/**
 * A callback of functions. `fit` takes such an object as it is, too; this one checks it at once.
 *
 * @throws argument.type; argument.unknown for a hook that does not exist
 *
 * @example
 * lw.callbacks.lambdaCallback({ onEpochEnd: (epoch, { loss }) => console.log(epoch, loss) })
 */
export function lambdaCallback(hooks: Callback): Callback {
  new CallbackList('lambdaCallback', hooks)
  return { ...hooks }
}
