// origin-response: fetches the answer from another origin where the first one fails, here by a redirect that is cached briefly
exports.handler = async (event, context) => {
  const { response, request } = event.Records[0].cf
  if (Number(response.status) < 500) return response
  return {
    status: '302',
    statusDescription: 'Found',
    headers: {
      ...Object.fromEntries(Object.entries(response.headers).filter(([name]) => name === 'transfer-encoding' || name === 'via')),
      location: [{ key: 'Location', value: `https://backup.example.com${request.uri}` }],
      'cache-control': [{ key: 'Cache-Control', value: 'max-age=5' }],
      'x-left': [{ key: 'X-Left', value: String(context.getRemainingTimeInMillis() > 0) }],
    },
  }
}
