import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Daemon } from './program.ts';
import { removeFolder, scratchFolder } from './scratch.ts';
import { eventually, within } from './wait.ts';

const START_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 60_000;

/** Without a screen, and without anything that would make it speak to anybody by itself. */
const QUIET: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--disable-extensions',
  '--disable-default-apps',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  '--remote-debugging-port=0',
];

const messageSchema = z.object({
  id: z.int().optional(),
  method: z.string().optional(),
  params: z.record(z.string(), z.unknown()).optional(),
  result: z.record(z.string(), z.unknown()).optional(),
  error: z.object({ message: z.string() }).optional(),
});
type Params = Readonly<Record<string, unknown>>;

const requestSchema = z.object({ request: z.object({ url: z.string() }) });
const entrySchema = z.object({ entry: z.object({ level: z.string(), text: z.string() }) });
const targetSchema = z.object({ targetId: z.string() });
const attachedSchema = z.object({ sessionId: z.string() });
const evaluatedSchema = z.object({
  result: z.object({ value: z.unknown().optional() }),
  exceptionDetails: z.object({ text: z.string() }).optional(),
});

/** Chromium without a screen and without a word to anybody, driven through its DevTools protocol. */
export class Chromium {
  readonly #daemon: Daemon;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Params>>();
  readonly #listeners: ((method: string, params: Params) => void)[] = [];
  #calls = 0;

  private constructor(daemon: Daemon, folder: string, socket: WebSocket) {
    this.#daemon = daemon;
    this.#folder = folder;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#received(String(data)));
  }

  static async start(): Promise<Chromium> {
    const folder = await scratchFolder('chromium');
    const daemon = new Daemon(
      'chromium',
      [...QUIET, `--user-data-dir=${join(folder, 'profile')}`, 'about:blank'],
      { env: { HOME: folder } },
    );
    try {
      return new Chromium(daemon, folder, await connected(join(folder, 'profile'), daemon));
    } catch (error) {
      await daemon.stop();
      await removeFolder(folder);
      throw error;
    }
  }

  /** A new tab at this address. */
  async open(url: string): Promise<Tab> {
    const { targetId } = targetSchema.parse(await this.call('Target.createTarget', { url: 'about:blank' }));
    const attach = { targetId, flatten: true };
    const { sessionId } = attachedSchema.parse(await this.call('Target.attachToTarget', attach));
    const tab = new Tab((method, params) => this.call(method, params, sessionId));
    this.#listeners.push((method, params) => tab.noticed(method, params));
    for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await tab.call(`${domain}.enable`);
    await tab.call('Page.navigate', { url });
    return tab;
  }

  async call(method: string, params: Params = {}, sessionId?: string): Promise<Params> {
    this.#calls += 1;
    const answer = Promise.withResolvers<Params>();
    this.#waiting.set(this.#calls, answer);
    this.#socket.send(JSON.stringify({ id: this.#calls, method, params, sessionId }));
    return within(method, ANSWER_TIMEOUT_MS, answer.promise);
  }

  async stop(): Promise<void> {
    this.#socket.close();
    await this.#daemon.stop('SIGKILL');
    await removeFolder(this.#folder);
  }

  #received(text: string): void {
    const { id, method, params = {}, result = {}, error } = messageSchema.parse(JSON.parse(text));
    if (id === undefined) return this.#listeners.forEach((listener) => listener(method ?? '', params));
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }
}

/** Chromium writes into its profile where it listens. */
async function connected(profile: string, daemon: Daemon): Promise<WebSocket> {
  return eventually(
    'Chromium listens',
    START_TIMEOUT_MS,
    async () => {
      daemon.assertRunning();
      const [port, path] = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8')).split('\n');
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
      await new Promise<void>((resolve, reject) => {
        socket.addEventListener('open', () => resolve());
        socket.addEventListener('error', () => reject(new Error('no connection')));
      });
      return socket;
    },
    () => daemon.output,
  );
}

/** One page, used as a person uses it: text is read, keys are pressed, links and buttons are clicked. */
export class Tab {
  readonly call: (method: string, params?: Params) => Promise<Params>;
  /** Every address that was asked for. */
  readonly requests: string[] = [];
  /** Errors of scripts and violations of the page's policy. */
  readonly complaints: string[] = [];

  constructor(call: Tab['call']) {
    this.call = call;
  }

  noticed(method: string, params: Params): void {
    if (method === 'Network.requestWillBeSent') this.requests.push(requestSchema.parse(params).request.url);
    if (method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(params));
    if (method !== 'Log.entryAdded') return;
    const { level, text } = entrySchema.parse(params).entry;
    if (level === 'error') this.complaints.push(text);
  }

  async evaluate(expression: string): Promise<unknown> {
    const answer = await this.call('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    const { result, exceptionDetails } = evaluatedSchema.parse(answer);
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value;
  }

  async text(): Promise<string> {
    return String(await this.evaluate('document.body.innerText'));
  }

  /** Waits until the page shows this. */
  async shows(pattern: RegExp, timeoutMs = 30_000): Promise<string> {
    let text = '';
    return eventually(
      `the page shows ${String(pattern)}`,
      timeoutMs,
      async () => {
        text = await this.text();
        return pattern.test(text) ? text : undefined;
      },
      () => text,
    );
  }

  /** Waits until the page with this heading is there. */
  async headed(heading: string): Promise<void> {
    await eventually(`the page ${heading}`, 30_000, async () =>
      (await this.evaluate(`document.querySelector('h1')?.textContent`)) === heading ? true : undefined,
    );
  }

  /** Clicks the first link or button with this text; waits until there is one. */
  async click(name: string): Promise<void> {
    const find = `[...document.querySelectorAll('a, button')].find((e) => e.textContent.trim() === ${JSON.stringify(name)})`;
    await eventually(`there is ${name} to click`, 30_000, async () =>
      (await this.evaluate(`{ const e = ${find}; e?.click(); e !== undefined }`)) === true ? true : undefined,
    );
  }

  /** Puts text into a field of a form in place of what is there, as keys would. */
  async fill(field: string, value: string): Promise<void> {
    const found = `document.querySelector('[name=${field}]')`;
    await eventually(`there is ${field} to fill`, 30_000, async () =>
      (await this.evaluate(`{ ${found}?.focus(); ${found}?.select(); ${found} !== null }`)) === true
        ? true
        : undefined,
    );
    await (value === '' ? this.press('Delete', 46) : this.type(value));
  }

  async type(text: string): Promise<void> {
    await this.call('Input.insertText', { text });
  }

  async press(key: string, code: number): Promise<void> {
    const common = { key, code: key, windowsVirtualKeyCode: code };
    const character = key === 'Enter' ? { text: '\r' } : {};
    await this.call('Input.dispatchKeyEvent', { type: 'keyDown', ...common, ...character });
    await this.call('Input.dispatchKeyEvent', { type: 'keyUp', ...common });
  }
}
