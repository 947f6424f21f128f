// A kernel panics in a run on the JavaScript thread, and in one on the driver's.
import { multiplier } from './multiplier.mjs'

const faulty = multiplier(4, { fault: 'matmul' })
for (const run of [async () => faulty.runSync(1), () => faulty.run(1)]) {
  await run().catch((error) => console.log(JSON.parse(error.message).code))
}
