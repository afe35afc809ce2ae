import type { Resources } from '../../src/sandbox/recorded.ts';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts';

export const scope = { accountId: '111122223333', region: 'eu-west-1' };
export const start = new Date('2026-05-01T10:00:00Z');

/** A sandbox that starts at `start` with what a test gives. */
export function sandboxWith(resources: Resources = {}, options: Partial<SandboxOptions> = {}): Sandbox {
  return createSandbox({ scope, start, resources, ...options });
}

/** An instance id: `i-` and 17 hex digits. */
export function id(number: number): string {
  return `i-${number.toString(16).padStart(17, '0')}`;
}
