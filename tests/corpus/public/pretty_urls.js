const hasExtension = /(.+)\.[a-zA-Z0-9]{2,5}$/
const hasSlash = /\/$/

module.exports.handler = async (event) => {
  const { request } = event.Records[0].cf
  const { uri, querystring } = request

  if (uri && !hasExtension.test(uri) && !hasSlash.test(uri)) {
    return {
      status: '301',
      headers: { location: [{ key: 'Location', value: `${uri}/${querystring ? '?' + querystring : ''}` }] },
    }
  }
  return { ...request, uri: uri.replace(hasSlash, '/index.html') }
}
