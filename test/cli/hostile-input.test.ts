import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCli } from './run-cli.ts';

/** Clears the screen, hides what follows, and turns its order: as text, and as one word. */
const evil = 'x\u001b[2J\u001b[8m\u009b2J\u202e\u0007';
const shown = 'x\\u{1b}[2J\\u{1b}[8m\\u{9b}2J\\u{202e}\\u{7}';

/** What `styleText` puts around a text: bold, dim, three colours, and their ends. */
const ownColours = [1, 2, 22, 31, 32, 33, 39].map((code) => `\u001b[${code}m`);

function withoutColours(text: string): string {
  return ownColours.reduce((rest, colour) => rest.replaceAll(colour, ''), text);
}

const instance = {
  InstanceId: 'i-0123456789abcdef0',
  InstanceType: 'm7i.large',
  LaunchTime: '2026-03-02T09:00:00Z',
  State: { Name: 'running' },
  Placement: { AvailabilityZone: 'us-east-1a' },
  SecurityGroups: [{ GroupId: `sg-${evil}`, GroupName: 'x' }],
  Tags: [
    { Key: evil, Value: evil },
    { Key: 'Name', Value: evil },
  ],
};

const policy = `name: own
description: "d\\e[31m"
severity: high
rule: required-tags
parameters: { keys: [{ key: "Owner\\e[2J" }] }
exempt: [{ match: { tags: { Name: "x*" } }, reason: "r\\e[2J\\u202e", until: 2099-01-01 }]
actions: [notify]
`;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-'));
  const reservation = { ReservationId: 'r-1', OwnerId: `1${evil}`, Instances: [instance] };
  write('snapshot/describe-instances.json', JSON.stringify({ Reservations: [reservation] }));
  write('broken/describe-instances.json', `{ "Reservations": ${evil} }`);
  write('own/own/policy.yml', policy);
  write(
    'own/own/policy.test.yml',
    `cases: [{ name: "n\\e[2J\\u202e", instance: { Tags: {} }, expect: { compliance: COMPLIANT } }]`,
  );
  write('faulty/own/policy.yml', `name: own\n"\\e[2J\\u202Eevil": 1\nrule: "req\\e[2J"\nseverity: "hi\\x9b2J"\n`);
  write(
    'event.json',
    JSON.stringify({
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.ec2',
      account: '123456789012',
      region: `us-east-1${evil}`,
      id: evil,
      time: '2026-03-02T09:10:00Z',
      detail: { eventSource: 'ec2.amazonaws.com', eventName: evil, requestParameters: {} },
    }),
  );
  write(
    'state.json',
    JSON.stringify({
      'detail-type': 'EC2 Instance State-change Notification',
      source: 'aws.ec2',
      account: `123456789012${evil}`,
      region: `us-east-1${evil}`,
      id: evil,
      time: '2026-03-02T09:10:00Z',
      detail: { 'instance-id': instance.InstanceId, state: 'running' },
    }),
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

describe.each([
  ['a terminal', true],
  ['a pipe', false],
])('on %s', (_, isTTY) => {
  test.each([
    ['scan', 'scan --all --policies PACKAGE/policies --snapshot snapshot', shown],
    ['scan, of an exemption', 'scan --policies own --snapshot snapshot', 'r\\u{1b}[2J\\u{202e}'],
    ['scan, of a file', 'scan --policies own --snapshot broken', 'x\\u{1b}[2J'],
    ['replay, of an event that is ignored', 'replay --policies own --snapshot snapshot event.json', shown],
    ['replay, of one that is not', 'replay --policies own --snapshot snapshot state.json', shown],
    ['validate', 'validate faulty', 'req\\u{1b}[2J'],
    ['permissions', 'permissions faulty', 'req\\u{1b}[2J'],
    ['test', 'test own', 'n\\u{1b}[2J\\u{202e}'],
    ['whatever loads policies', 'scan --policies faulty --snapshot snapshot', 'req\\u{1b}[2J'],
    ['rules', `rules ${evil}`, shown],
    ['an unknown command', evil, shown],
    ['an unknown option', `validate --${evil}`, shown],
    ['a folder that is not there', `scan --policies own --snapshot ${evil}`, shown],
  ])('%s gives nothing but text and its own colours', async (__, command, expected) => {
    const { stdout, stderr } = await runCli(command.replace('PACKAGE', process.cwd()), folder, { isTTY });
    const printed = stdout + stderr;

    expect(printed).toContain(expected);
    expect(isTTY ? withoutColours(printed) : printed).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });
});

test('colours are still put on', async () => {
  const { stdout } = await runCli('scan --policies own --snapshot snapshot', folder, { isTTY: true });

  expect(withoutColours(stdout)).not.toBe(stdout);
});
