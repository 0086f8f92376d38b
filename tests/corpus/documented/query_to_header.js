const querystring = require('querystring')

exports.handler = (event, context, callback) => {
  const request = event.Records[0].cf.request

  const params = querystring.parse(request.querystring)
  const headerName = 'Auth-Header'
  request.headers[headerName.toLowerCase()] = [{ key: headerName, value: params.auth }]
  delete params.auth
  request.querystring = querystring.stringify(params)

  callback(null, request)
}
