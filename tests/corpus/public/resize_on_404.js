'use strict'
// origin-response: where the resized image is not there yet, make it and answer with it
exports.handler = async (event) => {
  const { request, response } = event.Records[0].cf
  console.log('Response status code :%s', response.status)
  if (response.status != 404) return response

  const match = request.uri.match(/^\/(.*)\/(\d+)x(\d+)\/(.*)\/(.*)$/)
  if (!match) return response
  const pixels = await resize(Number(match[2]), Number(match[3]))
  response.status = 200
  response.statusDescription = 'OK'
  response.body = pixels.toString('base64')
  response.bodyEncoding = 'base64'
  response.headers['content-type'] = [{ key: 'Content-Type', value: 'image/' + match[4] }]
  response.headers['cache-control'] = [{ key: 'Cache-Control', value: 'max-age=31536000' }]
  return response
}

const resize = (width, height) => new Promise((resolve) => {
  setTimeout(() => resolve(Buffer.from([0xff, 0xd8, width & 255, height & 255, 0xff, 0xd9])), 5)
})
