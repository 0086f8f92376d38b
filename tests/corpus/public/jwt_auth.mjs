import { createHmac, timingSafeEqual } from 'node:crypto'

// baked in at build time: there are no environment variables at the edge
const CONFIG = { secret: 'a-shared-secret', cookie: 'idToken', loginUrl: 'https://login.example.com/login', clientId: '4abc' }

class JwtError extends Error {}

const verify = (token) => {
  const [header, payload, signature] = token.split('.')
  if (!signature) throw new JwtError('malformed')
  const { alg } = JSON.parse(Buffer.from(header, 'base64url'))
  if (alg !== 'HS256') throw new JwtError(`algorithm ${alg}`)
  const expected = createHmac('sha256', CONFIG.secret).update(`${header}.${payload}`).digest()
  const actual = Buffer.from(signature, 'base64url')
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) throw new JwtError('signature')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  if (claims.exp * 1000 <= Date.now()) throw new JwtError('expired')
  return claims
}

const extractCookies = (headers) => {
  const cookies = new Map()
  for (const { value } of headers.cookie ?? []) {
    for (const part of value.split(/;\s*/)) {
      const [name, ...rest] = part.split('=')
      cookies.set(name.trim(), decodeURIComponent(rest.join('=')))
    }
  }
  return cookies
}

const redirectToLogin = ({ uri, querystring, headers }) => {
  const state = Buffer.from(JSON.stringify({ to: uri + (querystring && `?${querystring}`) })).toString('base64url')
  const query = new URLSearchParams({ client_id: CONFIG.clientId, response_type: 'code', state })
  query.set('redirect_uri', `https://${headers.host[0].value}/callback`)
  return {
    status: '307',
    statusDescription: 'Temporary Redirect',
    headers: {
      location: [{ key: 'location', value: `${CONFIG.loginUrl}?${query}` }],
      'set-cookie': [
        { key: 'set-cookie', value: `${CONFIG.cookie}=; Path=/; Max-Age=0; Secure; HttpOnly` },
        { key: 'set-cookie', value: `auth-state=${state}; Path=/; Max-Age=300; Secure; HttpOnly; SameSite=Lax` },
      ],
      'cache-control': [{ key: 'cache-control', value: 'no-cache, no-store, max-age=0' }],
    },
  }
}

export const handler = async (event) => {
  const { request } = event.Records[0].cf
  const token = extractCookies(request.headers).get(CONFIG.cookie)
  try {
    const claims = verify(token ?? '')
    request.headers['x-user'] = [{ key: 'X-User', value: claims.sub }]
    return request
  } catch (error) {
    if (!(error instanceof JwtError) && !(error instanceof SyntaxError)) throw error
    console.info('not signed in: %s', error.message)
    return redirectToLogin(request)
  }
}
