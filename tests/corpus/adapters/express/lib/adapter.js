'use strict'
const http = require('http')

// CloudFront refuses a response that has these
const REFUSED = /^(connection|keep-alive|transfer-encoding|content-length|via|expect|trailer|upgrade|proxy-.*|x-amz-cf-.*|x-cache|x-edge-.*|x-real-ip)$/

class Request extends http.IncomingMessage {
  constructor(cf, basePath) {
    super({ encrypted: true, readable: false, remoteAddress: cf.clientIp, address: () => ({ port: 443 }), end() {}, destroy() {} })
    const body = cf.body?.data ? Buffer.from(cf.body.data, cf.body.encoding === 'base64' ? 'base64' : 'utf8') : Buffer.alloc(0)
    const headers = {}
    for (const [name, lines] of Object.entries(cf.headers)) {
      headers[name] = lines.map(({ value }) => value).join(name === 'cookie' ? '; ' : ', ')
    }
    headers['content-length'] = String(body.length)
    Object.assign(this, {
      ip: cf.clientIp, complete: true, httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1, method: cf.method, headers, body,
      url: cf.uri.replace(new RegExp(`^${basePath}`), '') + (cf.querystring ? `?${cf.querystring}` : ''),
    })
    this._read = () => { this.push(body); this.push(null) }
  }
}

class Response extends http.ServerResponse {
  constructor(req) {
    super(req)
    this.useChunkedEncodingByDefault = false
    this.chunks = []
    this.collected = false
    this.assignSocket({
      _writableState: {}, writable: true, on() {}, removeListener() {}, destroy() {}, cork() {}, uncork() {}, setTimeout() {},
      write: (data, encoding, done) => {
        if (typeof encoding === 'function') { done = encoding; encoding = null }
        const text = Buffer.from(data, encoding ?? undefined)
        const end = this.collected ? -1 : text.indexOf('\r\n\r\n')
        this.collected = true
        const rest = end >= 0 ? text.subarray(end + 4) : text
        if (rest.length) this.chunks.push(rest)
        if (done) done()
        return true
      },
    })
  }
}

const match = (patterns, type) => patterns.some((one) => new RegExp(`^${one.replace('*', '.*')}`).test(type))

module.exports = (app, { basePath = '', binary = [] } = {}) => async (event, context) => {
  context.callbackWaitsForEmptyEventLoop = false
  const { request } = event.Records[0].cf
  if (!request.uri.startsWith(basePath + '/')) return request
  const req = new Request(request, basePath)
  const res = new Response(req)
  await new Promise((resolve, reject) => {
    res.on('finish', resolve)
    res.on('error', reject)
    app(req, res)
  })
  const headers = {}
  for (const [name, value] of Object.entries(res.getHeaders())) {
    if (!REFUSED.test(name)) headers[name] = [].concat(value).map((one) => ({ key: name, value: String(one) }))
  }
  const body = Buffer.concat(res.chunks)
  const encoded = match(binary, res.getHeader('content-type') ?? '')
  return {
    status: String(res.statusCode), statusDescription: http.STATUS_CODES[res.statusCode], headers,
    body: body.toString(encoded ? 'base64' : 'utf8'), bodyEncoding: encoded ? 'base64' : 'text',
  }
}
