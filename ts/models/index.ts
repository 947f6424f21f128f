export { FunctionalModel, type ModelConfig, model } from './functional.js'
export { Model } from './model.js'
export { Sequential, type SequentialConfig, sequential } from './sequential.js'
