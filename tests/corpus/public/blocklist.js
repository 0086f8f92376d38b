const net = require('net')
const list = new net.BlockList()
list.addSubnet('203.0.113.0', 24)
list.addAddress('2001:db8::bad', 'ipv6')

const PATTERNS = [/\/wp-(admin|login)/, /\.php$/, /\.\.\//, /union\s+select/i]
const deny = (why) => {
  console.warn('denied', { why })
  return {
    status: '403', statusDescription: 'Forbidden', body: JSON.stringify({ why }),
    headers: { 'Content-Type': [{ value: 'application/json' }] },
  }
}

exports.handler = async function (event) {
  const { clientIp, uri, querystring, headers } = event.Records[0].cf.request
  if (list.check(clientIp, net.isIPv6(clientIp) ? 'ipv6' : 'ipv4')) return deny('address')
  const text = decodeURIComponent(`${uri}?${querystring}`.replace(/\+/g, ' '))
  if (PATTERNS.some((one) => one.test(text))) return deny('pattern')
  if (!headers['user-agent']) return deny('agent')
  return event.Records[0].cf.request
}
