import { engine } from './engine.js'
import { Logger } from './logger.js'

const logger = new Logger('edge')

class Router {
  #routes = new Map([['/version', { status: '200', body: 'v1' }]])

  async handle(event, context) {
    logger.info('handling', { id: context.awsRequestId.length, remaining: context.getRemainingTimeInMillis() > 0 })
    const { request } = event.Records[0].cf
    if (request.uri === '/throw') throw Object.assign(new Error('no'), { statusCode: 418 })
    return this.#routes.get(request.uri) ?? request
  }
}

const router = new Router()
export const handler = engine(router.handle.bind(router))
  .use({ before: ({ event }) => { event.Records[0].cf.request.headers['x-before'] = [{ key: 'X-Before', value: 'yes' }] } })
  .use({ after: (run) => { if (run.response.status) run.response.headers = { 'x-after': [{ key: 'X-After', value: 'yes' }] } } })
  .use({ onError: (run) => { run.response = { status: String(run.error.statusCode), body: run.error.message } } })
