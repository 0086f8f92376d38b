'use strict'
exports.handler = (event, context, callback) => {
  const request = event.Records[0].cf.request
  const headers = request.headers
  const authUser = 'preview'
  const authPass = 'let-me-in'
  const authString = 'Basic ' + new Buffer(authUser + ':' + authPass).toString('base64')

  if (typeof headers.authorization == 'undefined' || headers.authorization[0].value != authString) {
    return callback(null, {
      status: '401',
      statusDescription: 'Unauthorized',
      body: 'Unauthorized',
      headers: { 'www-authenticate': [{ key: 'WWW-Authenticate', value: 'Basic' }] },
    })
  }
  callback(null, request)
}
