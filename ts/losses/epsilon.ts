export { epsilon } from '../ops/epsilon.js'
