const querystring = require('querystring')

exports.handler = (event, context, callback) => {
  const request = event.Records[0].cf.request
  if (request.method === 'POST') {
    const body = Buffer.from(request.body.data, 'base64').toString()
    const params = querystring.parse(body)
    if (params.key) {
      params.key = 'redacted value'
    }
    request.body.action = 'replace'
    request.body.encoding = 'text'
    request.body.data = querystring.stringify(params)
  }
  callback(null, request)
}
