exports.handler = (event, context, callback) => {
  const response = {
    status: '302',
    statusDescription: 'Found',
    headers: { location: [{ key: 'Location', value: 'https://docs.example.com/lambda-edge.html' }] },
  }
  callback(null, response)
}
