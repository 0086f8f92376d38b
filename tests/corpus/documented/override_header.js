exports.handler = (event, context, callback) => {
  const response = event.Records[0].cf.response
  const headers = response.headers

  const source = 'x-amz-meta-last-modified'
  const destination = 'last-modified'

  if (headers[source.toLowerCase()]) {
    headers[destination.toLowerCase()] = [headers[source.toLowerCase()][0]]
    console.log(`Response header "${destination}" was set to "${headers[destination.toLowerCase()][0].value}"`)
  }
  callback(null, response)
}
