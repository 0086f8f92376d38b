// viewer-request: /photo.jpg?d=300x200 becomes /photo/300x200/webp/photo.jpg-like paths, as in the image resize samples
const querystring = require('querystring')
const variables = { allowedDimension: [{ w: 100, h: 100 }, { w: 200, h: 200 }, { w: 300, h: 300 }], defaultDimension: { w: 200, h: 200 }, variance: 20, webpExtension: 'webp' }

exports.handler = (event, context, callback) => {
  const request = event.Records[0].cf.request
  const headers = request.headers
  const params = querystring.parse(request.querystring)
  let fwdUri = request.uri

  if (!params.d) {
    callback(null, request)
    return
  }
  const dimensionMatch = params.d.split('x')
  let width = dimensionMatch[0]
  let height = dimensionMatch[1]
  const match = fwdUri.match(/(.*)\/(.*)\.(.*)/)
  const prefix = match[1]
  const imageName = match[2]
  const extension = match[3]

  let matchFound = false
  const variancePercent = variables.variance / 100
  for (let dimension of variables.allowedDimension) {
    let minWidth = dimension.w - dimension.w * variancePercent
    let maxWidth = dimension.w + dimension.w * variancePercent
    if (width >= minWidth && width <= maxWidth) {
      width = dimension.w
      height = dimension.h
      matchFound = true
      break
    }
  }
  if (!matchFound) {
    width = variables.defaultDimension.w
    height = variables.defaultDimension.h
  }
  const accept = headers['accept'] ? headers['accept'][0].value : ''
  const url = [prefix, width + 'x' + height]
  url.push(accept.includes(variables.webpExtension) ? variables.webpExtension : extension)
  url.push(imageName + '.' + extension)
  request.uri = url.join('/')
  callback(null, request)
}
