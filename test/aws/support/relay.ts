import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request of EC2's or DynamoDB's protocol: its action, and whether it asks for a further page. */
export interface Call {
  readonly action: string;
  readonly isFurtherPage: boolean;
}

/** Where an answer that breaks off in the middle should have ended: at a length that was told, a last chunk, or never said. */
export type Cut = 'a length' | 'a last chunk' | 'the end of the connection';

/** What comes instead of moto's answer: another one, or its first half. */
export type Trouble = { readonly status: number; readonly body: string } | { readonly cut: Cut };

/** A server between the SDK and moto. */
export interface Relay {
  readonly url: string;
  /** All requests so far, whatever became of them. */
  readonly calls: readonly Call[];
  stop(): Promise<void>;
}

/**
 * Passes on to moto, and puts trouble in the way of its answers.
 * @param troubleOf is told the calls before this one, which waits until it has answered.
 * @param pageRows how many rows moto is asked for at most, whatever the request asked for; left out: as it asked.
 */
export async function startRelay(
  target: string,
  troubleOf: (call: Call, before: readonly Call[]) => Trouble | undefined | Promise<Trouble | undefined> = () =>
    undefined,
  pageRows?: number,
): Promise<Relay> {
  const calls: Call[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(request);
    const call = callIn(request, body.toString());
    const before = [...calls];
    calls.push(call);
    const trouble = await troubleOf(call, before);
    if (trouble !== undefined && 'body' in trouble) {
      response.writeHead(trouble.status, { 'content-type': 'text/xml' }).end(trouble.body);
      return;
    }
    const asked = pageRows === undefined ? body : askingForRows(body, pageRows);
    const answered = await fetch(`${target}${request.url}`, {
      method: 'POST',
      headers: passedOn(request),
      body: asked,
    });
    const whole = Buffer.from(await answered.arrayBuffer());
    if (trouble === undefined) response.writeHead(answered.status).end(whole);
    else breakOff(response, whole, trouble.cut);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls, stop };
}

/** DynamoDB names the action in a header, EC2 in the form that it sends. */
function callIn({ headers }: IncomingMessage, body: string): Call {
  const target = headers['x-amz-target'];
  if (typeof target === 'string')
    return { action: target.replace(/^.*\./, ''), isFurtherPage: body.includes('"ExclusiveStartKey"') };
  const parameters = new URLSearchParams(body);
  return { action: parameters.get('Action') ?? '', isFurtherPage: parameters.has('NextToken') };
}

/** An error as EC2 writes it. */
export function ec2Error(status: number, code: string): Trouble {
  const error = `<Error><Code>${code}</Code><Message>So says the relay.</Message></Error>`;
  return { status, body: `<Response><Errors>${error}</Errors><RequestID>0</RequestID></Response>` };
}

/** The signature is no longer that of the request: moto looks at it only where it is guarded. */
function askingForRows(body: Buffer, pageRows: number): Buffer | string {
  const parameters = new URLSearchParams(body.toString());
  const rows = Number(parameters.get('MaxResults'));
  if (rows <= pageRows) return body;
  parameters.set('MaxResults', String(pageRows));
  return parameters.toString();
}

/** What signs the request, and says what it is. The host and the length are the relay's own. */
function passedOn({ headers }: IncomingMessage): Record<string, string> {
  const { authorization = '', 'content-type': type = '', 'x-amz-date': date = '', 'x-amz-target': target } = headers;
  const passed = { authorization, 'content-type': type, 'x-amz-date': String(date) };
  return target === undefined ? passed : { ...passed, 'x-amz-target': String(target) };
}

function breakOff(response: ServerResponse, whole: Buffer, cut: Cut): void {
  // Between two entries of a list, where it is least to be seen.
  const half = whole.subarray(0, whole.lastIndexOf('</item>', whole.length / 2) + '</item>'.length);
  if (cut === 'the end of the connection') {
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
    response.writeHead(200).end(half);
    return;
  }
  response.writeHead(200, cut === 'a length' ? { 'content-length': whole.length } : {});
  response.write(half, () => response.destroy());
}
