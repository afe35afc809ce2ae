import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './commands.ts';

const folder = 'test/aws/event-ruler';
const oldestJava = 11;

/** Rules by their name, and the events to match with them. */
interface Question {
  readonly rules: Readonly<Record<string, unknown>>;
  readonly events: readonly unknown[];
}

/**
 * A block of tests of what AWS's matcher says. Java is no part of what the project asks for: without it they are skipped, and
 * what to install is told.
 */
export function describeMatching(name: string, tests: () => void): void {
  const lacking = whyNoEventRuler();
  if (lacking !== undefined) process.stderr.write(`-- ${name}: skipped: ${lacking}\n`);
  (lacking === undefined ? describe : describe.skip)(name, tests);
}

/** Why event-ruler can't run on this machine, and what to install; undefined if it can. */
function whyNoEventRuler(): string | undefined {
  // A JRE has no compiler; Java 8 has no modules, and refuses the question.
  const [, compiler] = /^jdk\.compiler@(\d+)/m.exec(printedBy('java', '--list-modules')) ?? [];
  if (compiler === undefined || Number(compiler) < oldestJava)
    return `AWS's matcher of event patterns needs a JDK, ${oldestJava} or newer. Install one (on Debian: apt install default-jdk-headless).`;
  if (printedBy('mvn', '--version') === '')
    return "AWS's matcher of event patterns comes by Maven. Install it (on Debian: apt install maven).";
  return undefined;
}

function printedBy(command: string, argument: string): string {
  return spawnSync(command, [argument], { encoding: 'utf8' }).stdout ?? '';
}

/**
 * The names of the rules that match each event, sorted, as AWS's own matcher has it. It is fetched by Maven into a folder of its own:
 * another file's tests run at the same time, and what is there is the version of pom.xml and no other.
 * @param of the events that the answers are by: those of the question may have what the deployment put in.
 * @throws Error that names the rule whose pattern it refuses.
 */
export async function rulesMatching(
  question: Question,
  of: readonly object[],
): Promise<ReadonlyMap<object, readonly string[]>> {
  const jars = mkdtempSync(join(tmpdir(), 'event-ruler-'));
  try {
    await run('mvn', ['-B', '-q', 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`], { cwd: folder });
    const input = JSON.stringify(question);
    const printed = await run('java', ['-cp', `${jars}/*`, 'Match.java'], { cwd: folder, input });
    const matched = JSON.parse(printed) as readonly (readonly string[])[];
    return new Map(of.map((event, index) => [event, matched[index] ?? []]));
  } finally {
    rmSync(jars, { recursive: true });
  }
}
