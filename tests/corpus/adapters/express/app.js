'use strict'
// what an application does: middlewares, routes, node's own request and response objects
const middlewares = []
const app = (req, res) => {
  let at = 0
  const next = (error) => {
    if (error) { res.statusCode = 500; return res.end(JSON.stringify({ error: error.message })) }
    const layer = middlewares[at++]
    if (!layer) { res.statusCode = 404; return res.end('no route') }
    try { return Promise.resolve(layer(req, res, next)).catch(next) } catch (thrown) { return next(thrown) }
  }
  next()
}
app.use = (layer) => middlewares.push(layer)
const route = (method, path, answer) => app.use((req, res, next) => {
  return req.method === method && new URL(req.url, 'http://x').pathname === path ? answer(req, res) : next()
})

app.use(async (req, res, next) => {
  const chunks = []
  for await (const chunk of req) chunks.push(chunk)
  req.body = Buffer.concat(chunks)
  if (/json/.test(req.headers['content-type'])) req.body = JSON.parse(req.body)
  next()
})
app.use((req, res, next) => { res.setHeader('X-Powered-By', 'an application'); next() })
route('GET', '/hello', (req, res) => {
  res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Set-Cookie': ['a=1', 'b=2; Path=/'] })
  res.write('<p>Grüße, ')
  setTimeout(() => res.end(`${new URL(req.url, 'http://x').searchParams.get('name')} from ${req.ip ?? req.connection.remoteAddress}</p>`), 2)
})
route('POST', '/items', (req, res) => {
  res.statusCode = 201
  res.setHeader('Content-Type', 'application/json')
  res.end(JSON.stringify({ got: req.body, agent: req.headers['user-agent'], cookies: req.headers.cookie }))
})
route('GET', '/pixel', (req, res) => {
  res.setHeader('Content-Type', 'image/gif')
  res.end(Buffer.from([0x47, 0x49, 0x46, 0x00, 0xff]))
})
route('GET', '/broken', () => { throw new Error('broken route') })
route('GET', '/gone', (req, res) => { res.writeHead(302, { Location: '/api/hello?name=you' }).end() })
module.exports = app
