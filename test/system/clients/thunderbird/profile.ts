import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOk } from '../../harness/program.ts';

export interface Account {
  readonly host: string;
  readonly user: string;
  readonly password: string;
}

type Preference = string | number | boolean;

/** Over TLS from the first octet, as Thunderbird's own account wizard writes it. */
const TLS = 3;
const NORMAL_PASSWORD = 3;
const NOWHERE = 'http://127.0.0.1:9/';

/** Nothing speaks to the maker of the program, and nothing asks a question at the first start. */
const QUIET: Readonly<Record<string, Preference>> = {
  'app.donation.eoy.version.viewed': 999,
  'app.update.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.region.network.url': '',
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'datareporting.policy.dataSubmissionPolicyBypassNotification': true,
  'extensions.blocklist.enabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.update.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'mail.chat.enabled': false,
  'mail.inappnotifications.enabled': false,
  'mail.provider.suppress_dialog_on_startup': true,
  'mail.rights.version': 1,
  'mail.spotlight.firstRunDone': true,
  'mailnews.start_page.enabled': false,
  'media.gmp-manager.url': NOWHERE,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.trr.mode': 5,
  'services.settings.server': NOWHERE,
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.server': NOWHERE,
  // what a remote control would set for the tests of web pages: we want the program as people have it
  'remote.prefs.recommended': false,
};

function accountPreferences({ host, user }: Account): Record<string, Preference> {
  return {
    'mail.accountmanager.accounts': 'account1',
    'mail.accountmanager.defaultaccount': 'account1',
    'mail.account.account1.server': 'server1',
    'mail.account.account1.identities': 'id1',
    'mail.identity.id1.useremail': `${user}@${host}`,
    'mail.identity.id1.fullName': user,
    'mail.identity.id1.valid': true,
    'mail.server.server1.type': 'imap',
    'mail.server.server1.name': host,
    'mail.server.server1.hostname': host,
    'mail.server.server1.userName': user,
    'mail.server.server1.port': 993,
    'mail.server.server1.socketType': TLS,
    'mail.server.server1.authMethod': NORMAL_PASSWORD,
    // the test opens the account itself, when the password is there
    'mail.server.server1.login_at_startup': false,
    'mail.server.server1.check_new_mail': false,
  };
}

function preferenceFile(preferences: Readonly<Record<string, Preference>>): string {
  const lines = Object.entries(preferences).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  return lines.join('');
}

/** Makes a new profile in `folder` with one IMAPS account. */
export async function createProfile(folder: string, account: Account, controlPort: number): Promise<void> {
  await mkdir(folder);
  const preferences = { ...QUIET, ...accountPreferences(account), 'marionette.port': controlPort };
  await writeFile(join(folder, 'user.js'), preferenceFile(preferences));
  await runOk('certutil', ['-N', '-d', `sql:${folder}`, '--empty-password']);
}

/** What an administrator does: the authority may vouch for servers, and for nothing else. */
export async function trustAuthority(folder: string, file: string): Promise<void> {
  await runOk('certutil', ['-A', '-d', `sql:${folder}`, '-n', 'Postern', '-t', 'C,,', '-i', file]);
}
