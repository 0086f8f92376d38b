const crypto = require('crypto')
const WEIGHT = 30 // per cent

// one function for three triggers, told apart by config.eventType
exports.handler = async (event) => {
  const { config, request, response } = event.Records[0].cf
  switch (config.eventType) {
    case 'viewer-request': {
      const given = /(?:^|;\s*)canary=(on|off)/.exec(request.headers.cookie?.map(({ value }) => value).join(';') ?? '')
      const bucket = crypto.createHash('md5').update(request.clientIp).digest().readUInt32BE(0) % 100
      const side = given ? given[1] : bucket < WEIGHT ? 'on' : 'off'
      request.headers['x-canary'] = [{ key: 'X-Canary', value: side }]
      return request
    }
    case 'origin-request':
      if (request.headers['x-canary']?.[0].value === 'on') {
        request.origin.custom.domainName = 'canary.example.com'
        request.origin.custom.customHeaders['x-stage'] = [{ key: 'X-Stage', value: 'canary' }]
        request.headers.host = [{ key: 'Host', value: 'canary.example.com' }]
      }
      return request
    case 'viewer-response':
      response.headers['set-cookie'] = [
        ...(response.headers['set-cookie'] ?? []),
        { key: 'Set-Cookie', value: `canary=${request.headers['x-canary']?.[0].value ?? 'unknown'}; Path=/` },
      ]
      return response
    default:
      throw new Error(`not for ${config.eventType}`)
  }
}
