function getRandomInt(min, max) {
  return Math.floor(Math.random() * (max - min + 1)) + min
}

exports.handler = (event, context, callback) => {
  const request = event.Records[0].cf.request
  const BLUE_TRAFFIC_PERCENTAGE = 80

  if (getRandomInt(0, 100) <= BLUE_TRAFFIC_PERCENTAGE) {
    const domainName = 'blue-bucket.s3.amazonaws.com'
    request.origin.s3.domainName = domainName
    request.headers.host = [{ key: 'host', value: domainName }]
  }
  callback(null, request)
}
