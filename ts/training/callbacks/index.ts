/** The callbacks, as `lw.callbacks`. */
export { type CsvLoggerConfig, csvLogger } from './csv-logger.js'
export { type EarlyStopping, type EarlyStoppingConfig, earlyStopping } from './early-stopping.js'
export { lambdaCallback } from './lambda-callback.js'
export { type LearningRateSchedulerConfig, learningRateScheduler } from './learning-rate-scheduler.js'
export { type ModelCheckpoint, type ModelCheckpointConfig, modelCheckpoint } from './model-checkpoint.js'
export {
  type ReduceLROnPlateau,
  type ReduceLROnPlateauConfig,
  reduceLROnPlateau,
} from './reduce-lr-on-plateau.js'
export { type TerminateOnNaNConfig, terminateOnNaN } from './terminate-on-nan.js'
