function parseCookies(headers) {
  const parsedCookie = {}
  if (headers.cookie) {
    headers.cookie[0].value.split(';').forEach((cookie) => {
      if (cookie) {
        const parts = cookie.split('=')
        parsedCookie[parts[0].trim()] = parts[1].trim()
      }
    })
  }
  return parsedCookie
}

exports.handler = (event, context, callback) => {
  const request = event.Records[0].cf.request
  const headers = request.headers

  const parsedCookies = parseCookies(headers)
  if (parsedCookies && parsedCookies['session-id']) {
    callback(null, request)
    return
  }

  const encodedRedirectUrl = encodeURIComponent(
    request.querystring
      ? `https://${headers.host[0].value}${request.uri}?${request.querystring}`
      : `https://${headers.host[0].value}${request.uri}`,
  )
  callback(null, {
    status: '302',
    statusDescription: 'Found',
    headers: { location: [{ key: 'Location', value: `http://www.example.com/signin?redirect_url=${encodedRedirectUrl}` }] },
  })
}
