// Which packages a function finds that has none of its own.
const found = (name) => {
  try {
    return require(name).name
  } catch (error) {
    return error.code
  }
}

exports.handler = async () => ({
  status: '200',
  body: JSON.stringify({ sdk: found('@aws-sdk/client-s3'), other: found('left-out'), path: process.env.NODE_PATH.split(':') }),
})
