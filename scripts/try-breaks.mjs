// Breaks the product on purpose, one thing at a time, in a copy of what is committed, and says which tests over HTTP notice:
// npm run test:breaks -- [NUMBER…]. Takes about a minute a break; prints the table of docs/testing.md. Exit 1: a break that no
// test noticed.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What breaks, by which words of which file, and the test files that are to notice. */
const breaks = [
  {
    what: 'alerts go to the operations topic',
    file: 'src/engine/deliver.ts',
    from: "=== 'operations' ? operationsTopicArn : alertsTopicArn",
    to: "!== 'operations' ? operationsTopicArn : alertsTopicArn",
    tests: ['inspection'],
  },
  {
    what: 'the functions know another topic than the stack has',
    file: 'src/stack/topics.ts',
    from: "settings.alertTopicArn ?? ref('AlertsTopic')",
    to: "settings.alertTopicArn ?? ref('OperationsTopic')",
    tests: ['deployed', 'inspection'],
  },
  {
    what: 'an error of SNS is swallowed',
    file: 'src/engine/deliver.ts',
    from: '(error) => settle(some, asError(error)),',
    to: '() => settle(some),',
    tests: ['inspection'],
  },
  {
    what: 'failed messages are not reported to SQS',
    file: 'src/handlers/inspect.ts',
    from: 'batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier }))',
    to: 'batchItemFailures: failed.slice(failed.length).map((itemIdentifier) => ({ itemIdentifier }))',
    tests: ['inspection'],
  },
  {
    what: 'one failed message fails its whole batch',
    file: 'src/handlers/inspect.ts',
    from: 'batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier }))',
    to: 'batchItemFailures: failed.flatMap(() => messages.map(({ id }) => ({ itemIdentifier: id })))',
    tests: ['inspection'],
  },
  {
    what: 'only the first page of a read is taken',
    file: 'src/engine/reads.ts',
    from: 'token = (output as { readonly NextToken?: string }).NextToken || undefined;',
    to: 'token = undefined;',
    tests: ['live-commands'],
  },
  {
    what: 'a failed read counts as an empty list',
    file: 'src/engine/reads.ts',
    from: 'return { rows, failure: failureOf(error) };',
    to: 'return failureOf(error) && { rows };',
    tests: ['refused-calls', 'permissions'],
  },
  {
    what: 'an answer without a list counts as an empty list',
    file: 'src/engine/reads.ts',
    from: 'if (page === undefined) throw',
    to: 'if (page === undefined) return { rows };\n      if (page === undefined) throw',
    tests: ['live-commands'],
  },
  {
    what: 'a filter that EC2 does not have',
    file: 'src/engine/find-instances.ts',
    from: "'network-interface.group-id', securityGroupIds",
    to: "'network-interface.groups' as 'instance-id', securityGroupIds",
    tests: ['documented', 'inspection'],
  },
  {
    what: "SQS is looked for at the host of the queue's URL",
    file: 'src/aws/sdk.ts',
    from: ', useQueueUrlAsEndpoint: false',
    to: '',
    tests: ['inspection'],
  },
  {
    what: 'the sandbox gives all rows on one page',
    file: 'src/sandbox/paging.ts',
    from: 'nextToken: to < rows.length ? tokenOf(fingerprint, to) : undefined',
    to: 'nextToken: to < 0 ? tokenOf(fingerprint, to) : undefined',
    config: 'jest.config.mjs',
    tests: ['sandbox/same-answers'],
  },
  {
    what: 'rules take failed calls for changes',
    file: 'src/stack/event-rules.ts',
    from: '      errorCode: [{ exists: false }],\n',
    to: '',
    tests: ['event-patterns'],
  },
  {
    what: 'rules miss the calls of IAM users and root',
    file: 'src/stack/event-rules.ts',
    from: '[{ exists: false }, { ',
    to: '[{ ',
    tests: ['event-patterns', 'inspection'],
  },
  {
    what: 'the functions look at what they did themselves',
    file: 'src/stack/event-rules.ts',
    from: 'ownRoles.map(arnOf) }',
    to: 'ownRoles.slice(1).map(arnOf) }',
    tests: ['event-patterns'],
  },
  {
    what: 'inspect may not tell EventBridge',
    file: 'src/stack/roles.ts',
    from: '      mayPutEvents,\n',
    to: '',
    tests: ['deployed', 'permissions'],
  },
  {
    what: 'a role may do everything with queues',
    file: 'src/stack/roles.ts',
    from: "'sqs:ReceiveMessage', 'sqs:DeleteMessage'",
    to: "'sqs:*', 'sqs:DeleteMessage'",
    tests: ['template', 'permissions'],
  },
  {
    what: "CloudWatch may not use the topics' key",
    file: 'src/stack/topics.ts',
    from: "Principal: { Service: 'cloudwatch.amazonaws.com' },\n        Action: ['kms:Decrypt'",
    to: "Principal: { Service: 'events.amazonaws.com' },\n        Action: ['kms:Decrypt'",
    tests: ['template'],
  },
  {
    what: 'the dead letters of a rule are refused',
    file: 'src/stack/queues.ts',
    from: '[...eventRuleIds, SWEEP_SCHEDULE]',
    to: 'eventRuleIds.slice(1)',
    tests: ['template'],
  },
  {
    what: 'EventBridge may send to another queue than the one it sends to',
    file: 'src/stack/queues.ts',
    from: "Action: 'sqs:SendMessage',\n    Resource: arnOf(queue),",
    to: "Action: 'sqs:SendMessage',\n    Resource: arnOf('BulkQueue'),",
    tests: ['template'],
  },
  {
    what: 'a batch whose table can not be read counts as done',
    file: 'src/handlers/inspect.ts',
    from: 'await inspectBatch(engine, messages);',
    to: 'await inspectBatch(engine, messages).catch(() => inspectBatch(engine, []));',
    tests: ['inspection'],
  },
  {
    what: 'filtered reads are not paged',
    file: 'src/engine/reads.ts',
    from: 'Values }], MaxResults }',
    to: 'Values }] }',
    tests: ['documented'],
  },
  {
    what: 'messages are shown again too soon',
    file: 'src/stack/queues.ts',
    from: 'VISIBILITY_TIMEOUT = 6 * TIMEOUT',
    to: 'VISIBILITY_TIMEOUT = 2 * TIMEOUT',
    tests: ['template', 'deployed'],
  },
];

const root = resolve(import.meta.dirname, '..');
const chosen = process.argv.slice(2).map(Number);
const scratch = mkdtempSync(join(tmpdir(), 'breaks-'));
const copy = join(scratch, 'copy');
let unnoticed = 0;

execFileSync('git', ['worktree', 'add', '--quiet', '--detach', copy], { cwd: root });
try {
  for (const shared of ['node_modules', '.venv']) symlinkSync(join(root, shared), join(copy, shared));
  process.stdout.write('| break | where | tests that fail |\n|---|---|---|\n');
  for (const [index, one] of breaks.entries()) {
    if (chosen.length > 0 && !chosen.includes(index + 1)) continue;
    const noticed = withBreak(one, () => one.tests.flatMap((test) => failuresOf(test, one.config)));
    process.stdout.write(`| ${index + 1}. ${one.what} | \`${one.file}\` | ${inWords(noticed)} |\n`);
    if (noticed.length === 0) unnoticed += 1;
  }
} finally {
  execFileSync('git', ['worktree', 'remove', '--force', copy], { cwd: root });
  rmSync(scratch, { recursive: true });
}
process.exitCode = unnoticed > 0 ? 1 : 0;

/** The first test of each file that noticed, and how many more. */
function inWords(noticed) {
  if (noticed.length === 0) return '**none**';
  const files = [...new Set(noticed.map(({ file }) => file))];
  return files
    .map((file) => {
      const [first, ...others] = noticed.filter((one) => one.file === file);
      return `${file}: "${first.title}"${others.length > 0 ? ` and ${others.length} more` : ''}`;
    })
    .join('; ');
}

function withBreak({ file, from, to }, work) {
  const path = join(copy, file);
  const whole = readFileSync(path, 'utf8');
  if (whole.split(from).length !== 2) throw new Error(`${file} does not have exactly once: ${from}`);
  writeFileSync(
    path,
    whole.replace(from, () => to),
  );
  try {
    return work();
  } finally {
    writeFileSync(path, whole);
  }
}

/** Tests of a file that fail. One whose run is not even tried, because what is before it fails, counts as one. */
function failuresOf(test, config = 'test/aws/jest.config.mjs') {
  const output = join(scratch, 'results.json');
  rmSync(output, { force: true });
  const args = ['jest', '--config', config, '--json', `--outputFile=${output}`, `/${test}.test.ts`];
  // A test that fails may print megabytes.
  const { stderr } = spawnSync('npx', args, { cwd: copy, encoding: 'utf8', maxBuffer: Number.POSITIVE_INFINITY });
  let results;
  try {
    results = JSON.parse(readFileSync(output, 'utf8')).testResults;
  } catch {
    return [{ file: test, title: `does not run: ${stderr.trim().split('\n').at(-1)}` }];
  }
  return results.flatMap(({ assertionResults, message }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    if (failed.length === 0 && message && assertionResults.length === 0) return [{ file: test, title: message }];
    return failed.map(({ fullName }) => ({ file: test, title: fullName }));
  });
}
