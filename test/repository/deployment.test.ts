import { readdirSync, readFileSync } from 'node:fs';
import { buildSync } from 'esbuild';
import { parse } from 'yaml';
import * as z from 'zod';
import { actions } from '../../src/actions/index.ts';
import type { Simulation } from '../../src/cli/simulation.ts';
import type { Json } from '../../src/domain/json.ts';
import { METRICS_NAMESPACE, type MetricName, metricNames } from '../../src/domain/metrics.ts';
import { allNeeds, readsFor } from '../../src/domain/needs.ts';
import { drainingOperations, iamActionOf, isChanging, type Operation } from '../../src/domain/operations.ts';
import { modes } from '../../src/domain/policy.ts';
import { type BoundSafety, defaultSafety } from '../../src/domain/safety.ts';
import { tellAlive } from '../../src/engine/heartbeat.ts';
import { sweep } from '../../src/engine/sweep.ts';
import { bindAll } from '../../src/language/bind.ts';
import { loadPolicies } from '../../src/language/load.ts';
import { rules } from '../../src/rules/index.ts';
import type { Resource } from '../../src/stack/cloudformation.ts';
import { drainFunctions } from '../../src/stack/drain-function.ts';
import { partsOf } from '../../src/stack/parts.ts';
import { DRAIN_VISIBILITY_TIMEOUT, VISIBILITY_TIMEOUT } from '../../src/stack/queues.ts';
import { ownRoles } from '../../src/stack/roles.ts';
import { template } from '../../src/stack/stack.ts';
import { drainPolicyWith, policyThatNeeds, stepOf } from '../stack/policies.ts';
import { plainStop } from '../support/plain-actions.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { bad, callsSince, closed, world } from '../support/world.ts';

interface FunctionDefinition {
  readonly handler: string;
  readonly role: string | { readonly 'Fn::Sub': string };
  readonly timeout: number;
  readonly environment?: object;
  readonly events: readonly {
    readonly sqs?: { readonly batchSize: number; readonly maximumConcurrency?: number };
    readonly schedule?: object;
  }[];
}

interface Serverless {
  readonly provider: { readonly environment: Readonly<Record<string, string>> };
  /** Those of every deployment, and those that hang on its policies. */
  readonly functions: readonly [Readonly<Record<string, FunctionDefinition>>, string];
}

/** CloudFormation's short forms (!Ref, !GetAtt, !Join) stand as what they are applied to. */
const serverless: Serverless = parse(readFileSync('serverless.yml', 'utf8'), { logLevel: 'silent' });
const everywhere = Object.entries(serverless.functions[0]);
const ofDrains: Readonly<Record<string, FunctionDefinition>> = drainFunctions([{ rule: 'spot-interruption' }]);
const functions = [...everywhere, ...Object.entries(ofDrains)];

function sourcesOf(room: string, isAmong = (_file: string) => true): string {
  const files = readdirSync(`src/${room}`).filter(isAmong);
  return files
    .map((file) => `src/${room}/${file}`)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
}

function matchesIn(text: string, pattern: RegExp): readonly string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, found = '']) => found))].sort();
}

/** Whether λ drain alone runs a file of the engine. */
function isOfDrains(file: string): boolean {
  return /^(?:drain|target-index)/.test(file);
}

/** Operations that files of a room name. */
function callsIn(room: string, isAmong: (file: string) => boolean): readonly Operation[] {
  return matchesIn(sourcesOf(room, isAmong), /'([a-z0-9]+:[A-Z][A-Za-z]*)'/g) as readonly Operation[];
}

function actionsOf(role: Resource | undefined): readonly string[] {
  return matchesIn(JSON.stringify(role?.Properties.Policies), /"([a-z0-9]+:[A-Z]\w*)"/g).filter(
    (action) => action !== 'aws:RequestedRegion' && action !== 'kms:ViaService',
  );
}

test.each(functions)('%s has a handler that is there', (_name, { handler }) => {
  const [, file, name] = /^(.*)\.(\w+)$/.exec(handler) ?? [];
  const { metafile } = buildSync({
    entryPoints: [`${file}.ts`],
    format: 'esm',
    write: false,
    metafile: true,
    outdir: '.',
  });

  expect(Object.values(metafile.outputs).flatMap((output) => output.exports)).toEqual([name]);
});

test('each function has its own role, and each role of ours has a function', () => {
  const named = functions.map(([, { role }]) => (typeof role === 'string' ? role : role['Fn::Sub']));
  const { roles } = partsOf([{ rule: 'spot-interruption' }]);

  expect(named).toEqual(roles.map((id) => ['${', id, '.Arn}'].join('')));
  expect(roles).toEqual([...ownRoles, 'DrainRole']);
  expect(partsOf([{ rule: 'required-tags' }]).roles).toEqual(ownRoles);
});

test('there is a function that drains only where a policy does', () => {
  expect(serverless.functions[1]).toBe(['${', 'file(deploy/stack.cjs):drainFunctions}'].join(''));
  expect(Object.keys(ofDrains)).toEqual(['drain']);
  expect(drainFunctions([{ rule: 'required-tags' }])).toEqual({});
});

test('a message is not shown again while a function may still be at work on it', () => {
  const mappings = everywhere.flatMap(([, { timeout, events }]) =>
    events.flatMap(({ sqs }) => (sqs ? [{ timeout, ...sqs }] : [])),
  );
  const least = mappings.map(({ timeout }) => 6 * timeout);

  expect(mappings).toHaveLength(2);
  expect(VISIBILITY_TIMEOUT).toBe(Math.max(...least));
  // A notice can't wait that long. What comes while a run works on the same drain is left to that run by its lease.
  expect(ofDrains.drain?.timeout).toBeLessThan(DRAIN_VISIBILITY_TIMEOUT);
});

test('all that may run at once leaves something of the ten runs that a new account is given', () => {
  const atOnce = everywhere.flatMap(([, { events }]) => events.map(({ sqs }) => sqs?.maximumConcurrency ?? 1));

  // The last is the weekly sign of life, which takes a moment.
  expect(atOnce).toEqual([5, 2, 1, 1]);
  // Notices come in waves, and none can wait: nothing holds back a drain but the account's own bound.
  expect(ofDrains.drain?.events.map(({ sqs }) => sqs?.maximumConcurrency)).toEqual([undefined]);
});

test('the clock calls the sweep every hour, and for the sign of life on Monday mornings', () => {
  const schedules = functions.flatMap(([name, { events }]) =>
    events.flatMap(({ schedule }) => (schedule === undefined ? [] : [[name, schedule]])),
  );

  // In the order of the logical ids that src/stack/event-rules.ts knows them by.
  expect(schedules).toEqual([
    ['sweep', { rate: 'rate(1 hour)' }],
    ['sweep', { rate: 'cron(0 8 ? * MON *)' }],
  ]);
});

test('every variable that the functions read is set, and no other but for Powertools', () => {
  const read = matchesIn(sourcesOf('handlers'), /(?:env\.|required\(env, ')([A-Z_]+)/g);
  const own = functions.flatMap(([, { environment = {} }]) => Object.keys(environment));
  const set = Object.keys(serverless.provider.environment).filter((name) => !name.startsWith('POWERTOOLS_'));

  expect([...set, ...own].sort()).toEqual(read.filter((name) => name !== 'AWS_REGION'));
});

test('the alarms watch metrics of the namespace and name that the functions publish under', () => {
  expect(serverless.provider.environment.POWERTOOLS_METRICS_NAMESPACE).toBe(METRICS_NAMESPACE);
  // Both under the name that all functions have.
  const own = functions.flatMap(([, { environment = {} }]) => Object.keys(environment));
  expect(own).toEqual(['DRAIN_QUEUE_URL']);
  expect(serverless.provider.environment.POWERTOOLS_SERVICE_NAME).toMatch(/^\$\{self:custom\.guardrail\.name\}$/);
});

test('every metric is published, and a completed sweep by whichever function completes it', () => {
  const published = [...sourcesOf('handlers').matchAll(/[{,]\s+([A-Z]\w+): /g)].map(([, name]) => name);

  expect(metricNames.filter((name) => !published.includes(name))).toEqual([]);
  // Of a sweep with instances when its last part is inspected; of one without by the sweep itself.
  expect(sourcesOf('handlers').split(`${'SweepCompleted' satisfies MetricName}: report.`)).toHaveLength(3);
});

test('the roles together may make every call that the engine makes, and no other to these services', () => {
  const { Resources } = template([enforcing(policyThatNeeds(...allNeeds), plainStop)], { name: 'deployment' });
  // What changes EC2 is called as plans have it: test/stack/roles.test.ts looks at that.
  const called = callsIn('engine', (file) => !isOfDrains(file)).filter((one) => !isChanging(one));
  const permitted = ownRoles.flatMap((role) => actionsOf(Resources[role]));
  const byLambda = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
  const bySns = ['kms:Decrypt', 'kms:GenerateDataKey'];
  const toLog = ['logs:CreateLogStream', 'logs:PutLogEvents'];

  expect([...new Set(permitted)].sort()).toEqual([...called, ...byLambda, ...bySns, ...toLog].sort());
});

test('the role of drain may make every call that drains make, and no other that changes anything', () => {
  const step = stepOf(drainingOperations, { needs: ['targetGroups', 'loadBalancers', 'containerInstances'] });
  const parameters = { document: 'save-logs', bus: 'ops' };
  const policies = [drainPolicyWith(parameters, step, stepOf(['events:PutEvents']))];
  const { DrainRole } = template(policies, { name: 'deployment', enforcement: 'on' }).Resources;
  const permitted = actionsOf(DrainRole);
  const called = callsIn('engine', isOfDrains).map(iamActionOf);

  expect(called).toEqual(expect.arrayContaining(['elasticloadbalancing:DeregisterTargets', 'sns:Publish']));
  expect(called.filter((action) => !permitted.includes(action))).toEqual([]);
  expect(permitted.filter((action) => !/:(?:Describe|List|Get|BatchGet)/.test(action)).sort()).toEqual(
    [
      ...[...drainingOperations, 'events:PutEvents' as const].map(iamActionOf),
      ...['dynamodb:PutItem', 'dynamodb:UpdateItem', 'sns:Publish', 'sqs:SendMessage'],
      ...['sqs:ReceiveMessage', 'sqs:DeleteMessage'],
      ...['kms:Decrypt', 'kms:GenerateDataKey', 'logs:CreateLogStream', 'logs:PutLogEvents'],
    ].sort(),
  );
});

test('the role of sweep may make every call that keeps the index of targets', () => {
  const policies = [drainPolicyWith({}, stepOf([], { needs: ['targetGroups'] }))];
  const permitted = actionsOf(template(policies, { name: 'deployment' }).Resources.SweepRole);
  const called = callsIn('engine', (file) => ['drain-index.ts', 'elb-budget.ts'].includes(file)).map(iamActionOf);

  expect(called).toContain('elasticloadbalancing:DescribeTargetHealth');
  expect(called.filter((action) => !permitted.includes(action))).toEqual([]);
});

describe("a function's role permits all that it calls", () => {
  const HOUR = 3_600_000;
  const { Resources } = template([enforcing(policyThatNeeds(...allNeeds), plainStop)], { name: 'deployment' });

  /** What asks of the volumes, which no policy does. */
  const conditions = () => ({ fields: ['BlockDeviceMappings'], holds: () => false });
  const safety: BoundSafety = { ...defaultSafety, protected: { when: 'of the volumes' }, conditions };
  const spot = { InstanceLifecycle: 'spot', SpotInstanceRequestId: 'sir-0123456789' } as const;
  const isolating = { securityGroup: { id: closed.GroupId } };

  /** Sweeps each hour; what sweeps called, and what inspecting their parts did. */
  async function callsIn(simulation: Simulation, hours: number) {
    const calls = { SweepRole: new Set<string>(), InspectRole: new Set<string>() };
    for (let hour = 0; hour < hours; hour++) {
      for (const [role, run] of [
        ['SweepRole', () => sweep(simulation.engine)],
        ['InspectRole', () => simulation.runUntilQuiet(900_000)],
      ] as const) {
        const from = simulation.sandbox.calls.length;
        await run();
        for (const operation of callsSince(simulation.sandbox.calls, from)) calls[role].add(operation);
      }
      simulation.sandbox.advance(HOUR);
    }
    return calls;
  }

  function expectPermitted(calls: Readonly<Record<(typeof ownRoles)[number], ReadonlySet<string>>>): void {
    for (const role of ownRoles) expect(actionsOf(Resources[role])).toEqual(expect.arrayContaining([...calls[role]]));
  }

  test('in an account without instances, whose first sweep sums up at once', async () => {
    const calls = await callsIn(world(), 2);

    expectPermitted(calls);
    expect([...calls.SweepRole]).toEqual(expect.arrayContaining(['sns:Publish', 'dynamodb:PutItem', 'dynamodb:Scan']));
  });

  test('when the last part of a sweep sends what was found', async () => {
    const simulation = world();
    simulation.sandbox.account.launch(bad);
    simulation.sandbox.advance(HOUR);
    await callsIn(simulation, 1);
    simulation.sandbox.account.launch(bad);
    simulation.sandbox.advance(HOUR);
    const calls = await callsIn(simulation, 1);

    expectPermitted(calls);
    expect([...calls.InspectRole]).toEqual(
      expect.arrayContaining(['sns:Publish', 'events:PutEvents', 'dynamodb:UpdateItem', 'dynamodb:Scan']),
    );
  });

  test('when the sweep says that it is alive', async () => {
    const simulation = world();
    await tellAlive(simulation.engine);
    const called = callsSince(simulation.sandbox.calls);

    expect(actionsOf(Resources.SweepRole)).toEqual(expect.arrayContaining([...called]));
    expect(new Set(called)).toEqual(new Set(['dynamodb:Scan', 'dynamodb:BatchGetItem', 'sns:Publish']));
  });

  test.each(actions.flatMap(({ id }) => modes.map((mode) => [id, mode] as const)))(
    'when it plans to %s for a policy of mode %s, and asks whether the instance is protected',
    async (id, mode) => {
      const action = actions.find((one) => one.id === id) ?? plainStop;
      const policy = policyFor('restricted-ingress', { ports: [22] });
      const use = { parameters: action.parameters(z).parse(id === 'quarantine' ? isolating : {}) as Json };
      const policies = [{ ...enforcing(policy, action, use), mode }];
      const simulation = world({ policies, enforcement: { isEnforcing: true, safety } });
      for (const instance of [bad.instance, { ...bad.instance, ...spot }])
        for (const event of simulation.sandbox.account.launch({ ...bad, instance }).events) simulation.send(event);
      await simulation.runUntilQuiet(900_000);
      const called = new Set(callsSince(simulation.sandbox.calls));
      const own = template(policies, { name: 'deployment', enforcement: 'on' }, safety).Resources.InspectRole;

      expect([...called].filter((operation) => !actionsOf(own).includes(operation))).toEqual([]);
      expect([...called]).toEqual(expect.arrayContaining(['ec2:DescribeVolumes', ...readsFor(action.needs)]));
    },
  );

  test('when a first sweep is never through, and a later one sums up what there is', async () => {
    const simulation = world({
      faults: [{ operation: 'dynamodb:UpdateItem', error: 'ValidationException', times: 'always' }],
    });
    simulation.sandbox.account.launch(bad);
    simulation.sandbox.advance(HOUR);
    const calls = await callsIn(simulation, 5);

    expectPermitted(calls);
    expect([...calls.SweepRole]).toContain('sns:Publish');
  });
});

describe('the shipped policies', () => {
  const options = { rules, actions, cwd: process.cwd(), now: new Date('2026-12-01T00:00:00Z') };
  const { policies, errors } = loadPolicies(['policies'], options);
  const { Resources } = template(bindAll(policies, { rules, actions }), { name: 'deployment' });

  test('have no mistake', () => {
    expect(errors).toEqual([]);
    expect(policies.length).toBeGreaterThanOrEqual(5);
  });

  test('read this of EC2, and may change nothing', () => {
    expect(actionsOf(Resources.InspectRole).filter((action) => action.startsWith('ec2:'))).toEqual([
      'ec2:DescribeInstances',
      'ec2:DescribeSecurityGroupRules',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeVolumes',
      'ec2:GetManagedPrefixListEntries',
    ]);
  });
});
