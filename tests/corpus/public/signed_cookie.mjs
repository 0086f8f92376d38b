import crypto from 'crypto'
const KEY = 'signing-key'

export const handler = async ({ Records: [{ cf: { request } }] }) => {
  const cookie = (request.headers.cookie || []).map((c) => c.value).join('; ')
  const [, expires, signature] = /access=(\d+)\.([0-9a-f]{64})/.exec(cookie) || []
  const expected = crypto.createHmac('sha256', KEY).update(`${expires}`).digest('hex')
  if (!signature || signature !== expected || Number(expires) < Math.floor(Date.now() / 1000)) {
    return { status: '403', headers: { 'set-cookie': [{ value: 'access=; Max-Age=0' }] }, body: 'expired' }
  }
  delete request.headers.cookie
  return request
}
