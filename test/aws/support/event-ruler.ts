import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { run } from './commands.ts';

const folder = 'test/aws/event-ruler';
const oldestJava = 11;

/** Rules by their name, and the events to match with them. */
interface Question {
  readonly rules: Readonly<Record<string, unknown>>;
  readonly events: readonly unknown[];
}

/** Why event-ruler can't run on this machine, and what to install; undefined if it can. */
export function whyNoEventRuler(): string | undefined {
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

/** Fetches event-ruler by Maven, at the version of pom.xml and no other. */
export async function fetchEventRuler(): Promise<void> {
  rmSync(`${folder}/target`, { recursive: true, force: true });
  await run('mvn', ['-B', '-q', 'dependency:copy-dependencies'], { cwd: folder });
}

/**
 * The names of the rules that match each event, sorted, as AWS's own matcher has it.
 * @throws Error that names the rule whose pattern it refuses.
 */
export async function rulesMatching(question: Question): Promise<readonly (readonly string[])[]> {
  const input = JSON.stringify(question);
  return JSON.parse(await run('java', ['-cp', 'target/*', 'Match.java'], { cwd: folder, input }));
}
