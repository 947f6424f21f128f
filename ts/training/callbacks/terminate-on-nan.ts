import type { Model } from '../../models/model.js'
import { checkBoolean, checkOptions } from '../../options.js'
import type { Callback } from './callback.js'

export interface TerminateOnNaNConfig {
  /** Whether the training ends with the error training.nonfinite, as it does without this callback (default false). */
  readonly raiseError?: boolean
}

/**
 * Ends a training whose loss is not finite as if it were done, so that `fit` gives its History. Without this callback `fit` fails with
 * training.nonfinite.
 *
 * @throws argument.type, argument.unknown
 */
export function terminateOnNaN(config: TerminateOnNaNConfig = {}): Callback {
  checkOptions('terminateOnNaN', config, ['raiseError'])
  checkBoolean('terminateOnNaN', 'raiseError', config.raiseError)
  let model: Model
  const setModel = (given: Model) => {
    model = given
  }
  if (config.raiseError) return { setModel }
  return {
    setModel,
    onNonfiniteLoss: (batch: number) => {
      console.log(`Batch ${batch}: the loss is not finite, so the training ends`)
      model.stopTraining = true
    },
  }
}
