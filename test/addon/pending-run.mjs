// Nothing but a pending run keeps this process alive; with the argument 'exit' it ends in the middle of it.
import { multiplier } from './multiplier.mjs'

const { run } = multiplier(128)
run(2000).then(() => console.log('settled'))
if (process.argv[2] === 'exit') setTimeout(() => process.exit(7), 20)
