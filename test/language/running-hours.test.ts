import { actions } from '../../src/actions/index.ts';
import { loadPolicies } from '../../src/language/load.ts';
import { runningHours } from '../../src/rules/running-hours.ts';
import { inFolder } from './folder.ts';

const head = 'name: hours\ndescription: Office hours.\nseverity: low\nrule: running-hours\n';

function loaded(rest: string) {
  const files = { 'policies/hours/policy.yml': `${head}${rest}\n` };
  const catalogue = { rules: [runningHours], actions, now: new Date('2026-06-01T00:00:00Z') };
  return inFolder(files, (cwd) => loadPolicies(['policies'], { ...catalogue, cwd }));
}

const errorsOf = (rest: string) => loaded(rest).errors;

const parameters = (more: string) => `parameters: { timezone: UTC, hours: { mon-fri: "08:00-20:00" }${more} }`;

test('start is refused where being stopped is no violation', () => {
  expect(errorsOf(`${parameters('')}\nmode: enforce\nactions: [notify, stop, start]`)).toMatchObject([
    {
      code: 'unreachable-action',
      line: 7,
      message: 'start never comes: being stopped is no violation: parameters say no startAgain: true',
      fix: 'add that, or remove it',
    },
  ]);
});

test.each([
  ['terminate', '{ after: 7d }'],
  ['quarantine', '{ securityGroup: { id: sg-0123456789abcdef0 } }'],
  ['revoke-ingress', '{}'],
])('%s is refused: it would come for all, each evening', (id, settings) => {
  const actions = `actions:\n  - notify\n  - stop\n  - ${id}: ${settings}`;
  expect(errorsOf(`${parameters('')}\nmode: enforce\n${actions}`)).toMatchObject([
    {
      code: 'unfit-action',
      line: 10,
      message: `${id} is nothing to do by the clock: the first evening it would come for every instance that runs`,
      fix: 'write stop, hibernate or start, or remove it',
    },
  ]);
});

test.each([
  ['stop and hibernate', `${parameters('')}\nmode: enforce\nactions: [notify, stop, hibernate]`],
  ['stop and start', `${parameters(', startAgain: true')}\nmode: enforce\nactions: [notify, stop, start]`],
  ['stop alone', `${parameters('')}\nmode: enforce\nactions: [notify, stop]`],
])('%s are taken, without onDrift', (_, rest) => {
  expect(errorsOf(rest)).toEqual([]);
});

const again = parameters(', startAgain: true');

test.each([
  ['start without what stops', `${again}\nmode: enforce\nactions: [notify, start]`, 7, /^start never comes: nothing/],
  [
    'startAgain without start',
    `${again}\nmode: enforce\nactions: [notify, stop]`,
    5,
    /^startAgain is true, and nothing/,
  ],
])('%s is refused', (_, rest, line, message) => {
  expect(errorsOf(rest)).toMatchObject([{ code: 'unreachable-action', line, message: expect.stringMatching(message) }]);
});

test('an action that there is not is told alone: it may be the one that is missing', () => {
  expect(errorsOf(`${again}\nmode: enforce\nactions: [notify, stpo, start]`).map(({ code }) => code)).toEqual([
    'unknown-action',
  ]);
});

test.each([
  ['[2026-01-01, 2025-12-25]', ['all holidays are past: the last was 2026-01-01']],
  ['[2025-12-25, 2026-06-01]', []],
  ['[]', []],
])('of holidays %s, on 2026-06-01, the warnings are %j', (holidays, messages) => {
  const { errors, warnings } = loaded(`${parameters(`, holidays: ${holidays}`)}\nactions: [notify]`);
  expect(errors).toEqual([]);
  expect(warnings.map(({ message }) => message)).toEqual(messages);
});

test.each<[string, readonly string[]]>([
  ['EST', ['EST is the zone of no place: it knows no summer time']],
  [
    'Etc/GMT+9',
    [
      'Etc/GMT+9 is the zone of no place: it knows no summer time, and its sign is turned round: Etc/GMT+9 is nine hours behind UTC',
    ],
  ],
  ['UTC', []],
  ['Etc/UTC', []],
  ['America/New_York', []],
])('of the zone %s the warnings are %j', (zone, messages) => {
  const { errors, warnings } = loaded(`${parameters('').replace('UTC', zone)}\nactions: [notify]`);
  expect(errors).toEqual([]);
  expect(warnings.map(({ message }) => message)).toEqual(messages);
});
