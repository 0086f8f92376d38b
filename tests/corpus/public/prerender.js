'use strict'
const BOTS = /googlebot|bingbot|twitterbot|facebookexternalhit|linkedinbot|slackbot/i
const ASSETS = /\.(js|css|xml|less|png|jpg|jpeg|gif|pdf|doc|txt|ico|rss|zip|mp3|svg|woff2?)$/i

module.exports = {
  // viewer-request: mark the bots, so that the cache tells them apart
  mark(event, context, callback) {
    const request = event.Records[0].cf.request
    const agent = request.headers['user-agent'] && request.headers['user-agent'][0].value
    if (BOTS.test(agent) && !ASSETS.test(request.uri)) {
      request.headers['x-prerender-token'] = [{ key: 'X-Prerender-Token', value: 'TOKEN' }]
      request.headers['x-prerender-host'] = [{ key: 'X-Prerender-Host', value: request.headers.host[0].value }]
    }
    callback(null, request)
  },

  // origin-request: send the marked ones to the service
  route(event, context, callback) {
    const request = event.Records[0].cf.request
    if (request.headers['x-prerender-token'] && request.headers['x-prerender-host']) {
      request.headers.host = [{ key: 'Host', value: 'service.prerender.io' }]
      request.origin = {
        custom: {
          domainName: 'service.prerender.io',
          port: 443,
          protocol: 'https',
          readTimeout: 20,
          keepaliveTimeout: 5,
          customHeaders: {},
          sslProtocols: ['TLSv1', 'TLSv1.1', 'TLSv1.2'],
          path: '/https%3A%2F%2F' + request.headers['x-prerender-host'][0].value,
        },
      }
    }
    callback(null, request)
  },
}
