// Breaks the product on purpose, one thing at a time, in a copy of what is committed, and says which tests over HTTP notice:
// npm run test:breaks -- [NUMBER…]. First all test files in question must pass without a break. Takes about a minute a break; prints
// the table of docs/testing.md. Exit 1: a break that no test noticed; 2: the tests can't be run, or fail without a break.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What breaks, by which words of which file, and the test files that are to notice. */
const breaks = [
  {
    what: 'an open port counts as no violation',
    file: 'src/rules/restricted-ingress.ts',
    from: 'return violation(reasonOf(offenders, parameters), fixOf(offenders, parameters), evidence);',
    to: 'return compliantWhateverIsMissing(evidence);',
    tests: ['inspection', 'live-commands'],
  },
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
    from: 'const next = (output as { readonly NextToken?: string }).NextToken || undefined;',
    to: 'const next = undefined as string | undefined;',
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
    from: 'if (list === undefined) throw',
    to: 'if (list === undefined) return [];\n  if (list === undefined) throw',
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
    from: "mayUseKey('Alarms', 'cloudwatch.amazonaws.com')",
    to: "mayUseKey('Alarms', 'events.amazonaws.com')",
    tests: ['template'],
  },
  {
    what: 'the dead letters of a rule are refused',
    file: 'src/stack/queues.ts',
    from: '[...toLiveQueue, ...elsewhere]',
    to: 'toLiveQueue.slice(1)',
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
  {
    what: 'a probe counts as answered without the table',
    file: 'src/engine/probe.ts',
    from: 'if (await noteProbe(engine)) report.probesCompleted++;',
    to: 'report.probesCompleted++;',
    tests: ['inspection'],
  },
  {
    what: 'nobody is told who stopped a trail',
    file: 'src/stack/tampering.ts',
    from: "'PutEventSelectors', 'StopLogging', ",
    to: "'PutEventSelectors', ",
    tests: ['tamper-patterns'],
  },
  {
    what: "EventBridge may not use the topics' key",
    file: 'src/stack/topics.ts',
    from: "      mayUseKey('EventRules', 'events.amazonaws.com'),\n",
    to: '',
    tests: ['template'],
  },
  {
    what: 'a pause is not read right before something is done',
    file: 'src/engine/enforce.ts',
    from: 'whyStopped(await readControls(engine), policy.name, bound.action.kind)',
    to: 'whyStopped({ ...(await readControls(engine)), paused: undefined }, policy.name, bound.action.kind)',
    tests: ['enforcement'],
  },
  {
    what: 'what is about to be done is not written down before',
    file: 'src/engine/enforce.ts',
    from: 'if (begun === undefined || !(await writeRecord(engine, begun))) return undefined;',
    to: 'if (begun === undefined) return undefined;',
    tests: ['enforcement'],
  },
  {
    what: 'an action that fails keeps back the alert',
    file: 'src/engine/enforce.ts',
    from: '      } catch (error) {\n        report.fail(',
    to: '      } catch (error) {\n        throw error;\n        report.fail(',
    tests: ['enforcement'],
  },
];

const root = resolve(import.meta.dirname, '..');
const asked = process.argv.slice(2);
const chosen = asked.length === 0 ? breaks.map((_, index) => index + 1) : asked.map(Number);
const strange = asked.filter((number) => breaks[Number(number) - 1] === undefined);
if (strange.length > 0) {
  console.error(`There is no break ${strange.join(', ')}: they are numbered 1 to ${breaks.length}.`);
  process.exit(2);
}

// What interrupts ends the run of tests, too; its end is seen here, and the copy taken away.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});

const scratch = mkdtempSync(join(tmpdir(), 'breaks-'));
const copy = join(scratch, 'copy');

try {
  execFileSync('git', ['worktree', 'add', '--quiet', '--detach', copy], { cwd: root });
  for (const shared of ['node_modules', '.venv'])
    if (existsSync(join(root, shared))) symlinkSync(join(root, shared), join(copy, shared));
  const numbered = chosen.map((number) => ({ number, ...breaks[number - 1] }));
  refuseBroken(numbered);
  process.stdout.write('| break | where | tests that fail, of the files tried |\n|---|---|---|\n');
  for (const one of numbered) {
    const noticed = withBreak(one, () => runsOf(one).flatMap(({ failed }) => failed));
    process.stdout.write(`| ${one.number}. ${one.what} | \`${one.file}\` | ${inWords(noticed)} |\n`);
    if (noticed.length === 0) process.exitCode = 1;
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
} finally {
  // git takes away itself what it was interrupted at.
  if (existsSync(copy)) execFileSync('git', ['worktree', 'remove', '--force', copy], { cwd: root });
  // What the tests started may still be ending.
  rmSync(scratch, { recursive: true, maxRetries: 5 });
}

/** What fails without a break, or is skipped, would notice nothing or everything. @throws Error that names it. */
function refuseBroken(some) {
  const tried = new Map(
    some.flatMap((one) => one.tests.map((test) => [`${one.config} ${test}`, { ...one, tests: [test] }])),
  );
  for (const one of tried.values())
    for (const { test, passed, failed } of runsOf(one)) {
      if (failed.length > 0) throw new Error(`${test} fails without a break: "${failed[0].title}"`);
      if (passed === 0) throw new Error(`${test} runs no test here: see what npm run test:aws -- ${test} says`);
    }
}

/** The first test of each file that noticed, and how many more. */
function inWords(noticed) {
  if (noticed.length === 0) return '**none**';
  const files = [...new Set(noticed.map(({ test }) => test))];
  return files
    .map((file) => {
      const [first, ...others] = noticed.filter(({ test }) => test === file);
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

/** Runs the test files of a break. @throws Error where one was not run to its end: that says nothing of the break. */
function runsOf({ tests, config = 'test/aws/jest.config.mjs' }) {
  return tests.map((test) => {
    const output = join(scratch, 'results.json');
    rmSync(output, { force: true });
    const args = ['jest', '--config', config, '--json', `--outputFile=${output}`, `/${test}.test.ts`];
    // Tests that are interrupted leave their temporary files: they go with the copy.
    const env = { ...process.env, TMPDIR: scratch };
    // A test that fails may print megabytes.
    const maxBuffer = Number.POSITIVE_INFINITY;
    const { stderr } = spawnSync('npx', args, { cwd: copy, env, encoding: 'utf8', maxBuffer });
    if (!existsSync(output))
      throw new Error(`${test} was not run to its end:\n${stderr.trim().split('\n').slice(-5).join('\n')}`);
    const { testResults, numPassedTests: passed } = JSON.parse(readFileSync(output, 'utf8'));
    const unloadable = testResults.find(
      ({ assertionResults, status }) => status === 'failed' && assertionResults.length === 0,
    );
    if (unloadable !== undefined) throw new Error(`${test} does not load:\n${unloadable.message}`);
    const failed = testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => ({ test, title: fullName }));
    return { test, passed, failed };
  });
}
