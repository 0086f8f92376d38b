import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRequire } from 'node:module'

const __dirname = dirname(fileURLToPath(import.meta.url))
const require = createRequire(import.meta.url)
const manifest = JSON.parse(await readFile(join(__dirname, 'routes.json'), 'utf8'))
const { version } = require('./package.json')
const routes = manifest.routes.map(({ source, ...rest }) => ({ ...rest, pattern: new RegExp(`^${source}$`) }))

const toInternal = ({ method, uri, querystring, headers, body, clientIp }) => {
  const flat = new Headers()
  for (const [name, lines] of Object.entries(headers)) for (const { value } of lines) flat.append(name, value)
  const url = new URL(`https://${flat.get('host') ?? 'localhost'}${uri}${querystring ? `?${querystring}` : ''}`)
  const data = ['GET', 'HEAD'].includes(method) ? undefined : Buffer.from(body?.data ?? '', 'base64')
  return Object.assign(new Request(url, { method, headers: flat, body: data }), { geo: { ip: clientIp } })
}

const fromInternal = async (response) => {
  const headers = {}
  response.headers.forEach((value, key) => {
    if (key !== 'set-cookie' && !key.startsWith('x-middleware-')) headers[key] = [...(headers[key] ?? []), { key, value }]
  })
  const cookies = response.headers.getSetCookie()
  if (cookies.length) headers['set-cookie'] = cookies.map((value) => ({ key: 'set-cookie', value }))
  return {
    status: response.status.toString(), statusDescription: 'OK', headers,
    bodyEncoding: 'base64', body: Buffer.from(await response.arrayBuffer()).toString('base64'),
  }
}

const middleware = (request) => {
  const { pathname } = new URL(request.url)
  if (pathname === '/old') return Response.redirect('https://www.example.com/new', 308)
  if (pathname.startsWith('/private') && !request.headers.get('authorization')) {
    return new Response('not here', { status: 401, headers: { 'content-type': 'text/plain' } })
  }
  return new Response(null, { headers: { 'x-middleware-next': '1' } })
}

const pages = {
  home: async () => new Response('<h1>home</h1>', { headers: [['content-type', 'text/html'], ['x-build', version], ['set-cookie', 'a=1'], ['set-cookie', 'b=2']] }),
  echo: async (request) => Response.json({ got: await request.json(), from: request.geo.ip }, { status: 201 }),
  stream: async () => new Response(new ReadableStream({ async start(stream) {
    for (const word of ['one ', 'two ', 'drei ü']) { stream.enqueue(new TextEncoder().encode(word)); await new Promise(setImmediate) }
    stream.close()
  } })),
}

export const handler = async (event) => {
  const { request: cfRequest } = event.Records[0].cf
  const request = toInternal(cfRequest)
  const answer = middleware(request)
  if (!answer.headers.get('x-middleware-next')) return fromInternal(answer)
  const found = routes.find(({ pattern }) => pattern.test(cfRequest.uri))
  if (found?.page) return fromInternal(await pages[found.page](request))
  if (found?.external) {
    const { hostname, pathname } = new URL(found.external)
    cfRequest.origin = { custom: { customHeaders: {}, domainName: hostname, keepaliveTimeout: 60, path: '', port: 443, protocol: 'https', readTimeout: 60, sslProtocols: ['TLSv1.2'] } }
    cfRequest.headers.host = [{ key: 'host', value: hostname }]
    cfRequest.uri = pathname
  }
  return cfRequest
}
