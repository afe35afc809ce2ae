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
  ['startAgain where nothing is stopped', `${parameters(', startAgain: true')}\nactions: [notify]`],
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

test.each<[string, readonly (readonly [string, string])[]]>([
  [
    '{ Mon-Fri: "08:00-20:00" }',
    [['the key `parameters.hours.Mon-Fri` is no day: write one such as mon, or some such as mon-fri', 'write mon-fri']],
  ],
  [
    '{ workdays: "08:00-20:00" }',
    [
      [
        'the key `parameters.hours.workdays` is no day: write one such as mon, or some such as mon-fri',
        'write one such as mon, or some such as mon-fri',
      ],
    ],
  ],
  [
    '{ mon: "8:00-20:00" }',
    [
      [
        '`parameters.hours.mon` ("8:00-20:00") are no hours: write two digits each, 24:00 at most, such as 08:00-20:00',
        'write two digits each, 24:00 at most, such as 08:00-20:00',
      ],
    ],
  ],
  [
    '{ mon: ["08:00-12:00", "13:00-18:00"] }',
    [
      [
        '`parameters.hours.mon` is a list, and must be text',
        'write text: Hours such as 08:00-20:00, of which a day has one span.',
      ],
    ],
  ],
  [
    '{ mon: 8 }',
    [
      [
        '`parameters.hours.mon` is the number 8, and must be text',
        'write text: Hours such as 08:00-20:00, of which a day has one span.',
      ],
    ],
  ],
])('hours %s are refused in words that mend them', (hours, expected) => {
  const errors = errorsOf(`parameters: { timezone: UTC, hours: ${hours} }\nactions: [notify]`);
  expect(errors.map(({ message, fix }) => [message, fix])).toEqual(expected);
});

test('an example of a word ahead has one, before an action of any rule', () => {
  const [error] = errorsOf(`${parameters('')}\nactions: [{ notify: { before: 1h } }, stop]`);
  expect(error?.example).toMatch(/^actions: \[\{ notify: \{ before: 1h \} \}, \{ quarantine: .*after: 24h \} \}\]$/);
});
