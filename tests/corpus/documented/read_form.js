const querystring = require('querystring')

exports.handler = (event, context, callback) => {
  const request = event.Records[0].cf.request
  if (request.method === 'POST') {
    const body = Buffer.from(request.body.data, 'base64').toString()
    const params = querystring.parse(body)
    for (let param in params) {
      console.log(`For "${param}" user submitted "${params[param]}".\n`)
    }
  }
  return callback(null, request)
}
