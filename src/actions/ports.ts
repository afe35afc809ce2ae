/** A range of ports, both ends included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export const LAST_PORT = 65_535;

/** Ports as a policy names them: a list, or all but those of a list. */
export type AskedPorts = readonly number[] | { readonly except: readonly number[] };

/** As few ranges as there can be, ascending. */
export function rangesOf(ports: AskedPorts): readonly Range[] {
  if ('except' in ports) return without({ from: 0, to: LAST_PORT }, rangesOf(ports.except));
  const ranges: Range[] = [];
  for (const port of [...new Set(ports)].toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.to === port - 1) ranges[ranges.length - 1] = { from: last.from, to: port };
    else ranges.push({ from: port, to: port });
  }
  return ranges;
}

/** The part of a range that lies in others. These are ascending and do not overlap. */
export function within(range: Range, others: readonly Range[]): readonly Range[] {
  return others
    .map(({ from, to }) => ({ from: Math.max(from, range.from), to: Math.min(to, range.to) }))
    .filter(({ from, to }) => from <= to);
}

/** The part of a range that lies outside of others. These are ascending and do not overlap. */
export function without(range: Range, others: readonly Range[]): readonly Range[] {
  const inside = within(range, others);
  const starts = [range.from, ...inside.map(({ to }) => to + 1)];
  const ends = [...inside.map(({ from }) => from - 1), range.to];
  return starts.map((from, at) => ({ from, to: ends[at] ?? range.to })).filter(({ from, to }) => from <= to);
}

/** `tcp/22`, `udp/0-65535`. */
export function portsText(protocol: string, { from, to }: Range): string {
  return from === to ? `${protocol}/${from}` : `${protocol}/${from}-${to}`;
}
