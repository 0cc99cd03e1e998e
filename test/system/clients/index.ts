import type { Client } from './client.ts';
import { curlImap, curlPop3 } from './curl.ts';
import { fetchmailImap, fetchmailPop3 } from './fetchmail.ts';
import { getmailImap, getmailPop3 } from './getmail.ts';
import { imapflow } from './imapflow.ts';
import { mbsync } from './mbsync.ts';
import { mpop } from './mpop.ts';
import { mutt, neomutt } from './mutt.ts';
import { offlineimap } from './offlineimap.ts';
import { imaplib, poplib } from './python.ts';

/** Every real client that the system tests drive. */
export const CLIENTS: readonly Client[] = [
  mbsync,
  offlineimap,
  mutt,
  neomutt,
  fetchmailImap,
  getmailImap,
  curlImap,
  imapflow,
  imaplib,
  fetchmailPop3,
  getmailPop3,
  mpop,
  curlPop3,
  poplib,
];
