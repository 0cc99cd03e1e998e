import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { infectedMail } from '../corpus/infected-mail.ts';
import { Chromium, type Tab } from './harness/chromium.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint } from './harness/mail-server.ts';
import { Cleanup } from './harness/scratch.ts';

const TOKEN = 'a-token-for-the-system-tests';
const PASSWORD = 'a password for the console';
const [ASKING, OTHER] = ['u1', 'u2'] as const;
/** Would tell of itself if it were ever markup. */
const HOSTILE = '<img src=x onerror=alert(1)><b>bold</b>';

/** An infected message whose subject and file name want to be markup. */
function hostileMail(): Buffer {
  const original = infectedMail().find(({ name }) => name === 'infected-attachment');
  const text = (original?.bytes ?? Buffer.alloc(0)).toString('latin1');
  assert.ok(text.includes('Subject: invoice infected-attachment') && text.includes('eicar.com'));
  return Buffer.from(
    text
      .replace('Subject: invoice infected-attachment', `Subject: ${HOSTILE}`)
      .replaceAll('eicar.com', '<svg onload=alert(2)>.com'),
    'latin1',
  );
}

describe('the console in a browser', () => {
  const cleanup = new Cleanup();
  const mail = hostileMail();
  let gateway: Gateway;
  let chromium: Chromium;
  let tab: Tab;

  before(async () => {
    const dovecot = cleanup.owns(await Dovecot.start());
    for (const user of [ASKING, OTHER]) await dovecot.deliver(user, mail);
    gateway = cleanup.owns(await Gateway.start(dovecot, { env: { POSTERN_ADMIN_TOKEN: TOKEN } }));
    chromium = cleanup.owns(await Chromium.start());
    tab = await chromium.open(`${gateway.admin}/`);
  });
  after(() => cleanup.run());

  /** What a client gets in a new session. */
  async function fetched(user: string): Promise<Buffer> {
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), user);
    const [message = Buffer.alloc(0)] = (await reader.fetchAll()).values();
    await reader.logout();
    return message;
  }

  async function login(user: string, password: string): Promise<void> {
    await tab.fill('user', user);
    await tab.press('Tab', 9);
    await tab.type(password);
    await tab.press('Enter', 13);
  }

  it('says on a fresh start how the first administrator is made, and makes it for who has the token', async () => {
    await tab.shows(/There is no account yet[^]*postern admin user add NAME/u);
    const make = async (token: string): Promise<void> => {
      await tab.fill('token', token);
      await tab.fill('user', 'ann');
      await tab.fill('password', PASSWORD);
      await tab.press('Enter', 13);
    };
    await make('a token that is not right');
    await tab.shows(/the token is not known/u);
    await make(TOKEN);
    await tab.shows(/ann \(administrator\)/u);
    await tab.click('Log out');
    assert.doesNotMatch(await tab.shows(/Password/u), /no account yet/u);
  });

  it('lets nobody in with a wrong password, and an administrator by keyboard alone', async () => {
    await login('ann', 'a wrong password');
    await tab.shows(/user name or password is wrong/u);
    await tab.fill('password', PASSWORD);
    await tab.press('Enter', 13);
    await tab.shows(/ann \(administrator\)/u);
  });

  it('says how it is, with reasons and remedies', async () => {
    await tab.shows(/(?:Green|Yellow|Red): /u);
    await tab.shows(/Listens on\s+imap/u);
    await tab.shows(/Throughput: messages [\d.]+\/s/u);
  });

  it('shows a detection while somebody looks, without being asked', async () => {
    await tab.click('Detections');
    await tab.shows(/Nothing was found/u);
    assert.ok(!(await fetched(ASKING)).equals(mail));
    await tab.shows(new RegExp(`malicious\\s+neutralise[^]*\\b${ASKING}\\b`, 'u'));
  });

  it('finds the original by its subject, and shows hostile names as text', async () => {
    await tab.click('Quarantine');
    await tab.fill('subject', 'nothing like it');
    await tab.click('Search');
    await tab.shows(/Nothing is kept that fits/u);
    await tab.fill('subject', 'onerror');
    await tab.click('Search');
    await tab.shows(/<img src=x/u);
    await tab.click(HOSTILE);
    await tab.shows(/SHA-256/u);
    await tab.click('Show header and text');
    await tab.shows(/<svg onload=alert\(2\)>\.com/u);
    assert.equal(await tab.evaluate(`document.querySelectorAll('main img, main b, main svg').length`), 0);
  });

  it('releases it for one user: he gets the original, another one still the substitute', async () => {
    await tab.fill('user', ASKING);
    await tab.fill('reason', 'a false alarm');
    await tab.click('Release');
    await tab.shows(/user:ann/u);
    assert.ok((await fetched(ASKING)).equals(mail), 'the original');
    const other = await fetched(OTHER);
    assert.equal(other.length, mail.length);
    assert.ok(!other.equals(mail), 'the substitute');
  });

  it('withholds it again when the release is withdrawn, and has all of it in the audit trail', async () => {
    await tab.click('Releases');
    await tab.click('Withdraw');
    await tab.shows(/Nothing is released/u);
    assert.ok(!(await fetched(ASKING)).equals(mail));
    await tab.click('Audit');
    const text = await tab.shows(/withdraw/u);
    assert.match(text, /release/u);
  });

  it('shows who is connected, and ends a session', async () => {
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), OTHER);
    await tab.click('Sessions');
    await tab.shows(new RegExp(`\\b${OTHER}\\s+127\\.0\\.0\\.1`, 'u'));
    await tab.click('End');
    assert.match((await reader.response()).text, /^\* BYE/u);
    await tab.shows(/Nobody is connected/u);
  });

  it('fits a telephone', async () => {
    await tab.call('Emulation.setDeviceMetricsOverride', {
      width: 360,
      height: 740,
      deviceScaleFactor: 2,
      mobile: true,
    });
    for (const page of ['Status', 'Detections', 'Quarantine', 'Rules', 'Accounts']) {
      await tab.click(page);
      await tab.headed(page);
      // Not innerWidth: that grows with what is too wide.
      const wide = await tab.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      assert.ok(Number(wide) <= 0, `${page} is ${String(wide)} pixels too wide`);
    }
    await tab.call('Emulation.clearDeviceMetricsOverride');
  });

  it('is dark where the system is', async () => {
    const ground = (): Promise<unknown> => tab.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    await tab.call('Emulation.setEmulatedMedia', {
      features: [{ name: 'prefers-color-scheme', value: 'dark' }],
    });
    assert.notEqual(await ground(), light);
  });

  it('offers a viewer what a viewer may do', async () => {
    await tab.click('Accounts');
    await tab.fill('name', 'vic');
    await tab.fill('password', PASSWORD);
    await tab.click('Add user');
    await tab.shows(/vic\s+viewer/u);
    await tab.click('Log out');
    await login('vic', PASSWORD);
    const text = await tab.shows(/vic \(viewer\)/u);
    assert.match(text, /Detections/u);
    assert.doesNotMatch(text, /Quarantine\n|Accounts|Audit/u);
  });

  it('asked nobody but the gateway, and ran no script but its own', () => {
    // The browser draws its own controls with data: addresses.
    const asked = tab.requests.filter((url) => !url.startsWith('data:'));
    const origins = new Set(asked.map((url) => new URL(url).origin));
    assert.deepEqual([...origins], [gateway.admin], tab.requests.join(' '));
    const refusals = tab.complaints.filter((text) => !/status of 401/u.test(text));
    assert.deepEqual(refusals, []);
  });
});
