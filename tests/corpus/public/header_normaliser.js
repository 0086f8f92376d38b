const LANGUAGES = ['de', 'fr', 'en']

exports.handler = async (event) => {
  const request = event.Records[0].cf.request
  const { headers } = request
  const wanted = (headers['accept-language']?.[0]?.value ?? '')
    .split(',')
    .map((part) => { const [tag, q = 'q=1'] = part.trim().split(';'); return { tag: tag.slice(0, 2).toLowerCase(), q: +q.split('=')[1] } })
    .sort((a, b) => b.q - a.q)
    .find(({ tag }) => LANGUAGES.includes(tag))
  headers['accept-language'] = [{ key: 'Accept-Language', value: wanted?.tag ?? 'en' }]
  for (const name of Object.keys(headers)) {
    if (name.startsWith('x-debug-')) delete headers[name]
  }
  headers['true-client-ip'] = [{ key: 'True-Client-IP', value: request.clientIp }]
  return request
}
