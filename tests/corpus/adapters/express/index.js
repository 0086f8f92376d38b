'use strict'
const adapt = require('./lib/adapter')
const app = require('./app')

module.exports.handler = adapt(app, { basePath: '/api', binary: ['image/*'] })
