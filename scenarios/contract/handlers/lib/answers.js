exports.nested = { handler: async () => ({ status: '200', body: 'lib/answers.js' }) }
