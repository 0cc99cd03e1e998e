import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { infectedMail } from '../corpus/infected-mail.ts';
import { Chromium, type Tab } from './harness/chromium.ts';
import { CuttableWire } from './harness/cuttable-wire.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint } from './harness/mail-server.ts';
import { PAGE_AUDIT } from './harness/page-audit.ts';
import { Cleanup, removeFolder, scratchFolder } from './harness/scratch.ts';
import { eventually } from './harness/wait.ts';

const TOKEN = 'a-token-for-the-system-tests';
const PASSWORD = 'a password for the console';
const TRIAL = 'rule Trial_Subject { meta: class = "suspicious" strings: $a = "Subject:" condition: $a }';
const PAGES = [
  'Status',
  'Detections',
  'Quarantine',
  'Releases',
  'Retro-hunt',
  'Protection',
  'Exclusions',
  'Rules',
  'Sessions',
  'Alerts',
  'Configuration',
  'Accounts',
  'Audit',
];

describe('what administrators switch and start in a browser', () => {
  const cleanup = new Cleanup();
  const [mail] = infectedMail();
  const bytes = mail?.bytes ?? Buffer.alloc(0);
  /** What the receiver of alerts answers, and how often it was asked. */
  const receiver = { status: 400, asked: 0 };
  let gateway: Gateway;
  let wire: CuttableWire;
  let tab: Tab;

  before(async () => {
    const dovecot = cleanup.owns(await Dovecot.start());
    for (const user of ['u1', 'u2']) await dovecot.deliver(user, bytes);
    const folder = await scratchFolder('trial');
    cleanup.add(() => removeFolder(folder));
    await writeFile(join(folder, 'trial.yar'), TRIAL);
    const port = await startReceiver();
    gateway = cleanup.owns(
      await Gateway.start(dovecot, {
        env: {
          POSTERN_ADMIN_TOKEN: TOKEN,
          POSTERN_SHADOW_RULES: join(folder, 'trial.yar'),
          POSTERN_NOTIFICATIONS_INTERVAL_MS: '0',
          POSTERN_NOTIFICATIONS_WEBHOOKS: JSON.stringify([
            { name: 'siem', url: `http://127.0.0.1:${port}/private-path` },
          ]),
        },
      }),
    );
    wire = cleanup.owns(await CuttableWire.start(gateway.admin));
    const chromium = cleanup.owns(await Chromium.start());
    tab = await chromium.open(`${wire.url}/`);
    await tab.shows(/no account yet/u);
    await tab.fill('token', TOKEN);
    await tab.fill('user', 'ann');
    await tab.fill('password', PASSWORD);
    await tab.press('Enter', 13);
    await tab.shows(/ann \(administrator\)/u);
  });
  after(() => cleanup.run());

  async function startReceiver(): Promise<number> {
    const server = createServer((request, response) => {
      receiver.asked += 1;
      request.resume();
      response.writeHead(receiver.status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanup.add(() => server.close());
    const address = server.address();
    return typeof address === 'object' ? (address?.port ?? 0) : 0;
  }

  /** What a client gets in a new session. */
  async function fetched(user = 'u1'): Promise<Buffer> {
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), user);
    const [message = Buffer.alloc(0)] = (await reader.fetchAll()).values();
    await reader.logout();
    return message;
  }

  async function page(title: string): Promise<void> {
    await tab.click(title);
    await tab.headed(title);
  }

  it('switches protection off for a while and on again: new sessions feel it at once', async () => {
    assert.ok(!(await fetched()).equals(bytes), 'the substitute');
    await page('Protection');
    await tab.click('Switch off …');
    await tab.shows(/infected mail reaches its readers/u);
    await tab.fill('reason', 'a printer cannot log in');
    await tab.click('Switch off');
    await tab.shows(/Protection \(master switch\)\s+off\s+on\s+user:ann[^]*a printer cannot log in/u);
    const unscanned = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), 'u1');
    assert.ok((await fetched()).equals(bytes), 'the original');
    await tab.shows(/forwarded untouched: 1\./u);
    await page('Status');
    await tab.shows(/Red: [^]*Protection is off[^]*Switched by user:ann until \d{4}-/u);
    await page('Protection');
    await tab.click('Switch on …');
    await tab.shows(/master switch\): on\?/u);
    await tab.fill('reason', 'the printer was replaced');
    await tab.click('Switch on');
    await tab.shows(/Protection \(master switch\)\s+on\s+on\s+as configured/u);
    assert.ok(!(await fetched()).equals(bytes), 'the substitute again');
    await unscanned.wire.closed();
    await page('Audit');
    await tab.shows(/protection-changed\s+protection\s+on [^]*protection-changed\s+protection\s+off until/u);
  });

  it('asks by keyboard, takes Escape for no, and gives the focus back', async () => {
    await page('Protection');
    await eventually('there is a switch', 10_000, async () =>
      (await tab.evaluate(`{ const b = document.querySelector('td button'); b?.focus(); b !== null }`)) ===
      true
        ? true
        : undefined,
    );
    await tab.press('Enter', 13);
    await tab.shows(/How long[^]*Switch off/u);
    assert.equal(await tab.evaluate(`document.activeElement.closest('dialog') !== null`), true);
    await tab.press('Escape', 27);
    await eventually('the question is gone', 10_000, async () =>
      (await tab.evaluate(`document.querySelector('dialog')`)) === null ? true : undefined,
    );
    assert.equal(await tab.evaluate(`document.activeElement === document.querySelector('td button')`), true);
  });

  it('shows the configuration with its sources, and no secret', async () => {
    await page('Configuration');
    const text = await tab.shows(/upstream\.ports\.imap/u);
    assert.match(text, /upstream\.host[^]*127\.0\.0\.1\s+\S*gateway\.yaml:\d+:\d+/u);
    assert.match(text, /admin\.token[^]*\(set, not shown\)\s+variable POSTERN_ADMIN_TOKEN/u);
    assert.match(text, /http:\/\/127\.0\.0\.1:\d+\/…/u);
    assert.doesNotMatch(text, /private-path|a-token-for|limits\.keepAliveMs/u);
    await tab.evaluate(`document.querySelector('[name=changed]').click()`);
    await tab.fill('words', 'keep');
    assert.doesNotMatch(await tab.shows(/limits\.keepAliveMs[^]*5000\s+default/u), /upstream\.host/u);
  });

  it('shows hits and time of each rule, and what rules on trial would have found', async () => {
    await page('Rules');
    await tab.shows(/eicar\/Eicar_Test_File\s+[1-9]/u);
    await tab.click('Measure the time of each rule');
    await tab.shows(/Time measured[^]*Eicar_Test_File\s+\d+\s+[^\n]*\s+\d+\s+\d+\.\d\d/u);
    await tab.shows(/trial\/Trial_Subject\s+[1-9]/u);
    await tab.click('What they matched');
    await tab.shows(/nothing was done because of it[^]*Trial_Subject/u);
  });

  it('hunts in what was kept, and says who was given what is bad today', async () => {
    await page('Retro-hunt');
    await tab.click('Start a retro-hunt');
    await tab.shows(/Originals judged again\s+1\b/u);
  });

  it('lists alerts that did not arrive, and tries one again', async () => {
    await page('Alerts');
    await tab.shows(/siem\s+the receiver answered 400/u);
    const before = receiver.asked;
    receiver.status = 204;
    await tab.click('Try again');
    await tab.shows(/Every alert arrived/u);
    assert.equal(receiver.asked, before + 1);
  });

  it('goes on watching after the network was cut', async () => {
    await page('Detections');
    await tab.shows(/\bu1\b/u);
    wire.cut();
    await fetched('u2');
    await tab.shows(/\bu2\b/u);
    wire.cut();
    await tab.shows(/\bu2\b/u);
  });

  it('is looked at by an audit that sees what is wrong', async () => {
    const spoil = `{
      const input = document.createElement('input');
      const faint = document.createElement('p');
      faint.textContent = 'faint';
      faint.style.color = 'color-mix(in srgb, currentcolor 40%, transparent)';
      const wide = document.createElement('div');
      wide.style.width = '4000px';
      wide.textContent = 'wide';
      const all = [input, faint, wide, document.createElement('h4')];
      document.querySelector('main').append(...all);
      const complaints = ${PAGE_AUDIT};
      all.forEach((element) => element.remove());
      complaints.length }`;
    assert.equal(await tab.evaluate(spoil), 3);
    assert.deepEqual(await tab.evaluate(PAGE_AUDIT), []);
  });

  it('is sound in every page: labels, order, contrast, width; light, dark and on a telephone', async () => {
    const looks: readonly (readonly [scheme: string, width: number])[] = [
      ['light', 1280],
      ['dark', 1280],
      ['light', 360],
    ];
    for (const [value, width] of looks) {
      const mobile = width < 500;
      await tab.call('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
      await tab.call('Emulation.setDeviceMetricsOverride', {
        width,
        height: 800,
        deviceScaleFactor: 1,
        mobile,
      });
      for (const title of PAGES) {
        await page(title);
        await eventually(`${title} is loaded`, 20_000, async () =>
          /Loading …/u.test(await tab.text()) ? undefined : true,
        );
        assert.deepEqual(await tab.evaluate(PAGE_AUDIT), [], `${title}, ${value}, ${width} pixels`);
      }
    }
    await tab.call('Emulation.clearDeviceMetricsOverride');
  });

  it('drains after a question: new clients are turned away', async () => {
    await page('Sessions');
    await tab.click('Drain …');
    await tab.shows(/cannot be taken back/u);
    await tab.fill('reason', 'a new disk');
    await tab.click('Drain now');
    await tab.shows(/draining since [^]*a new disk/u);
    await assert.rejects(fetched());
    await page('Status');
    await tab.shows(/no new sessions are accepted/u);
  });

  it('asked nobody but the gateway, and broke no rule of its policy', () => {
    const asked = tab.requests.filter((url) => !url.startsWith('data:'));
    assert.deepEqual([...new Set(asked.map((url) => new URL(url).origin))], [wire.url]);
    const expected = /status of 401|ERR_(?:EMPTY_RESPONSE|CONNECTION|INCOMPLETE|SOCKET|NETWORK)/u;
    assert.deepEqual(
      tab.complaints.filter((text) => !expected.test(text)),
      [],
    );
  });
});
