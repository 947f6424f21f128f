const lw = require('layerwise')

console.log(lw.backend(), lw.tensor([1, 2]).dataSync().length)
