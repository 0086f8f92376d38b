exports.handler = (event, context, callback) => {
  const request = event.Records[0].cf.request
  const headers = request.headers

  let url = 'https://example.com/'
  if (headers['cloudfront-viewer-country']) {
    const countryCode = headers['cloudfront-viewer-country'][0].value
    if (countryCode === 'TW') {
      url = 'https://tw.example.com/'
    } else if (countryCode === 'US') {
      url = 'https://us.example.com/'
    }
  }
  callback(null, {
    status: '302',
    statusDescription: 'Found',
    headers: { location: [{ key: 'Location', value: url }] },
  })
}
