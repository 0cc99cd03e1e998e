import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectiveListeners } from './listeners.ts';
import { parseConfig } from './load.ts';
import { parsePortList } from './port-list.ts';
import type { Environment } from './environment.ts';

function endpoints(text: string, env: Environment = {}): string[] {
  const config = parseConfig(
    { name: 'gateway.yaml', text: `upstream: { host: mail.example.org }\n${text}` },
    { env, checkFiles: false },
  );
  return effectiveListeners(config).map((one) => `${one.protocol} ${one.address} ${one.port} ${one.tls}`);
}

const DEFAULTS = [
  'imap :: 143 starttls',
  'imaps :: 993 implicit',
  'imaps :: 585 implicit',
  'pop3 :: 110 starttls',
  'pop3s :: 995 implicit',
];

describe('effectiveListeners', () => {
  it('listens on 143, 993, 585, 110 and 995 when nothing is said', () => {
    assert.deepEqual(endpoints(''), DEFAULTS);
  });

  it('adds extra ports, written the same in YAML and in the environment', () => {
    const expected = [
      ...DEFAULTS,
      'imaps :: 1993 implicit',
      'imaps :: 2993 implicit',
      'pop3s :: 1995 implicit',
    ];
    assert.deepEqual(endpoints('imapsPorts: 1993,2993\npop3sPorts: 1995\n'), expected);
    const env = { POSTERN_IMAPS_PORTS: '1993,2993', POSTERN_POP3S_PORTS: '1995' };
    assert.deepEqual(endpoints('', env), expected);
  });

  it('does not repeat a port that is there already', () => {
    assert.deepEqual(endpoints('', { POSTERN_IMAPS_PORTS: '993,585' }), DEFAULTS);
  });

  it('takes listeners as they are, with the TLS that fits the protocol, and extra ports beside them', () => {
    const text = 'listeners: [{ protocol: pop3, address: 127.0.0.1, port: 10110 }]\nimapsPorts: 1993\n';
    assert.deepEqual(endpoints(text), ['pop3 127.0.0.1 10110 starttls', 'imaps :: 1993 implicit']);
  });
});

const list = (length: number) => Array.from({ length }, (_, index) => index + 1).join(',');

describe('parsePortList', () => {
  it('reads commas, spaces and single numbers', () => {
    for (const text of ['585,1993', '585, 1993', ' 585 1993 ', '585 ,1993,', '585,1993,585']) {
      assert.deepEqual(parsePortList(text), [585, 1993], text);
    }
    assert.deepEqual(parsePortList(993), [993]);
    assert.deepEqual(parsePortList(''), []);
  });

  it('takes ports 1 and 65535, refuses 0 and 65536 and what is no number', () => {
    assert.deepEqual(parsePortList('1,65535'), [1, 65_535]);
    for (const text of ['0', '65536', 'imaps', '993;585', '-1', '9.9']) {
      assert.equal(parsePortList(text), undefined, text);
    }
  });

  it('takes 64 ports and refuses 65', () => {
    assert.equal(parsePortList(list(64))?.length, 64);
    assert.equal(parsePortList(list(65)), undefined);
  });
});
