// Runs a deployed function as Lambda's Node.js runtime does, with the parent process in the place of Lambda's Runtime API:
// loads _HANDLER from LAMBDA_TASK_ROOT, then answers one invocation after another. Ends when the parent does.
// The first argument is how far ahead its clock is, in milliseconds.
const path = require('node:path');
const { performance } = require('node:perf_hooks');

const { now } = Date;
const aheadMs = Number(process.argv[2]);
globalThis.Date = class extends Date {
  constructor(...values) {
    super(...(values.length === 0 ? [now() + aheadMs] : values));
  }
  static now() {
    return now() + aheadMs;
  }
};

const { LAMBDA_TASK_ROOT, _HANDLER, AWS_LAMBDA_FUNCTION_NAME, AWS_LAMBDA_FUNCTION_MEMORY_SIZE } = process.env;
const [, file, name] = /^(.*)\.(\w+)$/.exec(_HANDLER);
const { [name]: handler } = require(path.join(LAMBDA_TASK_ROOT, file));

process.on('disconnect', () => process.exit(0));
process.on('message', (invocation) => void answer(invocation));
process.send('ready');

async function answer({ requestId, arn, timeoutMs, event }) {
  const deadline = performance.now() + timeoutMs;
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionName: AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: '$LATEST',
    invokedFunctionArn: arn,
    memoryLimitInMB: AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${AWS_LAMBDA_FUNCTION_NAME}`,
    logStreamName: '2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef',
    getRemainingTimeInMillis: () => deadline - performance.now(),
  };
  try {
    // Between runtime and function everything is JSON.
    process.send({ response: JSON.stringify(await handler(JSON.parse(event), context)) });
  } catch (error) {
    process.send({ error: { errorType: error.name, errorMessage: error.message } });
  }
}
