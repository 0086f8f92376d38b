'use strict'

exports.handler = (event, context, callback) => {
  const request = event.Records[0].cf.request
  const headers = request.headers

  if (request.uri !== '/experiment-pixel.jpg') {
    callback(null, request)
    return
  }

  const CONTROL = 'X-Experiment-Name=A'
  const TREATMENT = 'X-Experiment-Name=B'
  const PATHS = { [CONTROL]: '/experiment-group/control-pixel.jpg', [TREATMENT]: '/experiment-group/treatment-pixel.jpg' }

  let target
  if (headers.cookie) {
    for (let i = 0; i < headers.cookie.length; i++) {
      if (headers.cookie[i].value.indexOf(CONTROL) >= 0) {
        target = PATHS[CONTROL]
        break
      } else if (headers.cookie[i].value.indexOf(TREATMENT) >= 0) {
        target = PATHS[TREATMENT]
        break
      }
    }
  }
  if (!target) {
    console.log('Experiment cookie has not been found. Throwing dice...')
    target = Math.random() < 0.75 ? PATHS[CONTROL] : PATHS[TREATMENT]
  }
  request.uri = target
  console.log(`Request uri set to "${request.uri}"`)
  callback(null, request)
}
