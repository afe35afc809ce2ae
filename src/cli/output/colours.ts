import { styleText } from 'node:util';
import type { Io } from '../io.ts';

type Format = Parameters<typeof styleText>[0];
type Colour = (text: string) => string;

/** Colours for a person's terminal; the text as it is for everything else. */
export interface Colours {
  readonly bold: Colour;
  readonly dim: Colour;
  readonly red: Colour;
  readonly yellow: Colour;
  readonly green: Colour;
}

/** Colours on a terminal, unless NO_COLOR is set (https://no-color.org). */
export function coloursFor({ isTTY, env }: Pick<Io, 'isTTY' | 'env'>): Colours {
  const isColoured = isTTY && !env.NO_COLOR;
  const colour = (format: Format): Colour =>
    isColoured ? (text) => styleText(format, text, { validateStream: false }) : (text) => text;
  return {
    bold: colour('bold'),
    dim: colour('dim'),
    red: colour('red'),
    yellow: colour('yellow'),
    green: colour('green'),
  };
}
