import { Option } from 'commander';

/** Where policies are, unless a command is told. */
export const DEFAULT_PATH = 'policies';

/** `--format`, as every command has it. */
export interface FormatOption {
  readonly format: 'text' | 'json';
}

/** `--format text|json`. */
export function formatOption(): Option {
  return new Option('--format <format>', 'what to print').choices(['text', 'json']).default('text');
}
