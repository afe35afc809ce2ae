import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** What each room of src/ may import: other rooms, and what it may load at run time. The walls of biome.json and .oxlintrc.json are held against it. */
const rooms = {
  domain: { sees: [], loads: [] },
  rules: { sees: ['domain'], loads: [] },
  actions: { sees: ['domain'], loads: [] },
  pricing: { sees: ['domain'], loads: [] },
  events: { sees: ['domain'], loads: [] },
  alerts: { sees: ['domain'], loads: [] },
  language: { sees: ['domain', 'rules', 'actions'], loads: ['zod', 'yaml', 'node:fs'] },
  stack: { sees: ['domain', 'rules', 'actions'], loads: [] },
  engine: { sees: ['domain', 'rules', 'actions', 'pricing', 'events', 'alerts'], loads: [] },
  aws: { sees: ['domain'], loads: ['@aws-sdk/client-ec2', 'node:fs'] },
  sandbox: { sees: ['domain'], loads: [] },
  handlers: {
    sees: ['domain', 'rules', 'actions', 'pricing', 'events', 'alerts', 'engine', 'aws'],
    loads: ['node:fs'],
  },
  cli: {
    sees: [
      ...['domain', 'rules', 'actions', 'pricing', 'events', 'alerts'],
      ...['language', 'stack', 'engine', 'aws', 'sandbox'],
    ],
    loads: ['zod', 'yaml', 'node:fs'],
  },
  'cli/report': { sees: ['domain'], loads: ['zod', 'yaml', 'node:fs'] },
} satisfies Record<string, { sees: string[]; loads: string[] }>;

const names = Object.keys(rooms).filter((room) => !room.includes('/'));
const packages = ['@aws-sdk/client-ec2', 'zod', 'yaml', 'node:fs'];

interface Probe {
  readonly file: string;
  readonly allowed: boolean;
}

const root = process.cwd();
const scratch = mkdtempSync(join(tmpdir(), 'import-walls-'));
const probes: Probe[] = [];
let refused: ReadonlySet<string>;

function probe(room: string, name: string, source: string, allowed: boolean): void {
  const file = `src/${room}/${name.replace(/\W+/g, '-')}.ts`;
  mkdirSync(dirname(join(scratch, file)), { recursive: true });
  writeFileSync(join(scratch, file), `${source}\n`);
  probes.push({ file, allowed });
}

function lint(tool: string, args: readonly string[]): string {
  try {
    return execFileSync(process.execPath, [resolve(root, 'node_modules', tool), ...args], {
      cwd: scratch,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

function filesIn(output: string, complaint: RegExp): string[] {
  return [...output.matchAll(complaint)].flatMap((match) => match[1] ?? []);
}

beforeAll(() => {
  for (const file of ['biome.json', '.oxlintrc.json', '.gitignore']) copyFileSync(file, join(scratch, file));
  for (const [room, { sees, loads }] of Object.entries<{ sees: string[]; loads: string[] }>(rooms)) {
    const up = room.includes('/') ? '../..' : '..';
    for (const other of names.filter((name) => name !== room)) {
      const allowed = sees.includes(other);
      probe(room, `type-${other}`, `import type { X } from '${up}/${other}/x.ts';\nexport type Y = X;`, allowed);
      probe(room, `lazy-${other}`, `export const x = import('${up}/${other}/x.ts');`, allowed);
    }
    for (const name of packages) {
      probe(room, `value-${name}`, `import * as x from '${name}';\nexport const y = x;`, loads.includes(name));
    }
    probe(room, 'sdk-types', `import type * as ec2 from '@aws-sdk/client-ec2';\nexport type Y = ec2.Instance;`, true);
    probe(room, 'zod-types', `import type * as z from 'zod';\nexport type Y = z.ZodType;`, true);
    probe(room, 'named-z', `import { z } from 'zod';\nexport const y = z;`, false);
    probe(room, 'sibling', `import { x } from './engine/x.ts';\nexport const y = x;`, true);
  }
  const biome = lint('@biomejs/biome/bin/biome', ['lint', '--reporter=github', '--max-diagnostics=none', 'src']);
  const oxlint = lint('oxlint/bin/oxlint', ['--format=unix', 'src']);
  refused = new Set([
    ...filesIn(biome, /noRestrictedImports,file=[^,]*?(src\/[^,]+)/g),
    ...filesIn(oxlint, /^(src\/[^:]+):.*no-restricted-imports/gm),
  ]);
});

afterAll(() => rmSync(scratch, { recursive: true }));

test('every room of src/ has its place in the table of walls', () => {
  const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());

  expect(names).toEqual(expect.arrayContaining(folders.map((folder) => folder.name)));
});

test.each(Object.keys(rooms))('lint lets src/%s import what it may and nothing else', (room) => {
  const own = probes.filter(({ file }) => dirname(file) === `src/${room}`);

  expect(own.filter(({ file }) => refused.has(file))).toEqual(own.filter(({ allowed }) => !allowed));
});
