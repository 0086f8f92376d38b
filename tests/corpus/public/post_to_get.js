exports.handler = async (event) => {
  const request = event.Records[0].cf.request
  if (request.method === 'POST' && request.uri === '/search') {
    const body = Buffer.from(request.body.data, request.body.encoding === 'base64' ? 'base64' : 'utf8').toString()
    return { status: '303', headers: { location: [{ key: 'Location', value: `/search?${body}` }] } }
  }
  if (request.uri === '/forced') request.method = 'GET' // which CloudFront refuses
  return request
}
