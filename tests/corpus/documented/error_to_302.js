exports.handler = (event, context, callback) => {
  const response = event.Records[0].cf.response
  const request = event.Records[0].cf.request

  if (response.status >= 400 && response.status <= 599) {
    const redirectPath = `/plan-b/path?${request.querystring}`

    response.status = 302
    response.statusDescription = 'Found'
    response.body = ''
    response.headers.location = [{ key: 'Location', value: redirectPath }]
  }
  callback(null, response)
}
