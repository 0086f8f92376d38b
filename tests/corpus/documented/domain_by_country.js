exports.handler = (event, context, callback) => {
  const request = event.Records[0].cf.request

  if (request.headers['cloudfront-viewer-country']) {
    const countryCode = request.headers['cloudfront-viewer-country'][0].value
    if (countryCode === 'GB' || countryCode === 'DE' || countryCode === 'IE') {
      const domainName = 'eu.example.com'
      request.origin.custom.domainName = domainName
      request.headers.host = [{ key: 'host', value: domainName }]
    }
  }
  callback(null, request)
}
