const body = await new Promise((resolve) => setTimeout(resolve, 5, 'awaited'))
console.log('before the handler')

export const handler = async () => ({ status: '200', body })
