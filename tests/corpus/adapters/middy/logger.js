import { Console } from 'node:console'

// powertools write through a Console of their own, so that lines are JSON and nothing else
export class Logger {
  constructor(service) {
    this.service = service
    this.console = new Console({ stdout: process.stdout, stderr: process.stderr })
  }

  info(message, extra) {
    const name = process.env.AWS_LAMBDA_FUNCTION_NAME
    this.console.log(JSON.stringify({ level: 'INFO', message, service: this.service, function_name: name, ...extra }))
  }
}
