import { ImapClient } from './imap-client.js';
import { Pop3Client } from './pop3-client.js';

const host = __ENV.HOST || '127.0.0.1';
const port = (name, standard) => Number(__ENV[name] || standard);

/** The four ways in. STARTTLS and STLS: starttls.ts, because k6 cannot turn an open connection to TLS. */
const ALL = [
  { name: 'imap', Client: ImapClient, host, port: port('IMAP_PORT', 143), tls: false },
  { name: 'imaps', Client: ImapClient, host, port: port('IMAPS_PORT', 993), tls: true },
  { name: 'pop3', Client: Pop3Client, host, port: port('POP3_PORT', 110), tls: false },
  { name: 'pop3s', Client: Pop3Client, host, port: port('POP3S_PORT', 995), tls: true },
];

const wanted = (__ENV.DOORS || 'imap,imaps,pop3,pop3s').split(',');
export const doors = ALL.filter(({ name }) => wanted.includes(name));
export const imapDoors = doors.filter(({ Client }) => Client === ImapClient);

/** Each iteration another door. */
export function doorOf(list, vu, iteration) {
  return list[(vu + iteration) % list.length];
}

const users = Number(__ENV.USERS || 20);
export const password = __ENV.PASSWORD || 'demo';
export const messages = Number(__ENV.MESSAGES || 10);

export function userOf(vu) {
  return `u${1 + (vu % users)}`;
}
