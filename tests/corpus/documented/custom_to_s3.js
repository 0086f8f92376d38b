const querystring = require('querystring')

exports.handler = (event, context, callback) => {
  const request = event.Records[0].cf.request
  const params = querystring.parse(request.querystring)

  if (params.useS3Origin && params.useS3Origin === 'true') {
    const s3DomainName = 'my-bucket.s3.amazonaws.com'
    request.origin = {
      s3: {
        domainName: s3DomainName,
        region: '',
        authMethod: 'none',
        path: '',
        customHeaders: {},
      },
    }
    request.headers.host = [{ key: 'host', value: s3DomainName }]
  }
  callback(null, request)
}
