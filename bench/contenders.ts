import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ruleCorpus } from './rule-corpus.ts';
import type { Setting } from './setting.ts';

/** What a contender is told: where to listen, in clear and with implicit TLS, and what stands behind. */
export interface ContenderPlace extends Setting {
  readonly ports: { readonly clear: number; readonly tls: number };
}

/** One program that a user could put before the mail server. */
export interface Contender {
  readonly name: string;
  /** Writes its configuration; returns its command line. */
  command(place: ContenderPlace): readonly string[];
}

const PROJECT = join(import.meta.dirname, '..');
/** Above the connections of the memory measurement, two descriptors for each. */
const MAX_CONNECTIONS = 9_000;
export const RULES = 500;

function folderFor(place: ContenderPlace, name: string): string {
  const folder = join(place.folder, name);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}

function configFile(place: ContenderPlace, name: string, text: string): string {
  const file = join(folderFor(place, name), 'configuration');
  writeFileSync(file, text);
  return file;
}

function haproxy(place: ContenderPlace): readonly string[] {
  const { folder, certificate, ports, mailServer } = place;
  const pem = join(folder, 'haproxy.pem');
  const parts = [certificate.cert, certificate.key].map((path) => readFileSync(path, 'latin1'));
  writeFileSync(pem, parts.join(''));
  const text = `global
  maxconn ${MAX_CONNECTIONS}
  nbthread 1
defaults
  mode tcp
  timeout connect 10s
  timeout client 30m
  timeout server 30m
frontend clear
  bind 127.0.0.1:${ports.clear}
  default_backend mail
frontend tls
  bind 127.0.0.1:${ports.tls} ssl crt ${pem}
  default_backend mail
backend mail
  server mail 127.0.0.1:${mailServer.imapPort}
`;
  return ['haproxy', '-db', '-f', configFile(place, 'haproxy', text)];
}

function nginx(place: ContenderPlace): readonly string[] {
  const { certificate, ports, mailServer } = place;
  const folder = folderFor(place, 'nginx');
  const text = `daemon off;
load_module /usr/lib/nginx/modules/ngx_mail_module.so;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/pid;
error_log stderr crit;
events { worker_connections ${MAX_CONNECTIONS * 2}; }
mail {
  auth_http 127.0.0.1:${mailServer.directoryPort}/;
  proxy_buffer 64k;
  timeout 30m;
  imap_capabilities IMAP4rev1 IDLE UIDPLUS;
  ssl_certificate ${certificate.cert};
  ssl_certificate_key ${certificate.key};
  server { listen 127.0.0.1:${ports.clear}; protocol imap; }
  server { listen 127.0.0.1:${ports.tls} ssl; protocol imap; }
}
`;
  return ['nginx', '-p', folder, '-e', 'stderr', '-c', configFile(place, 'nginx', text)];
}

function perdition(place: ContenderPlace): readonly string[] {
  const { certificate, ports, mailServer } = place;
  const shared = [
    'perdition --no_daemon --no_lookup --protocol IMAP4 --bind_address 127.0.0.1 --outgoing_server 127.0.0.1',
    `--outgoing_port ${mailServer.imapPort} --username nobody --group nogroup --server_resp_line`,
    '--quiet --no_bind_banner --timeout 1800 --config_file /dev/null',
  ].join(' ');
  const folder = folderFor(place, 'perdition');
  const clear = `${shared} --pid_file ${folder}/${ports.clear}.pid --listen_port ${ports.clear} --ssl_mode none`;
  const ssl = `--ssl_mode ssl_listen --ssl_cert_file ${certificate.cert} --ssl_key_file ${certificate.key}`;
  const tls = `${shared} --pid_file ${folder}/${ports.tls}.pid --listen_port ${ports.tls} ${ssl} --ssl_no_cn_verify`;
  return ['sh', '-c', `${clear} & ${tls} & wait`];
}

function dovecot(place: ContenderPlace): readonly string[] {
  const { certificate, ports, mailServer } = place;
  const folder = folderFor(place, 'dovecot');
  const text = `protocols = imap
listen = 127.0.0.1
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
instance_name = bench
disable_plaintext_auth = no
ssl = yes
ssl_cert = <${certificate.cert}
ssl_key = <${certificate.key}
mail_max_userip_connections = 0
passdb {
  driver = static
  args = nopassword=y proxy=y host=127.0.0.1 port=${mailServer.imapPort} proxy_nopipelining=y
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}
service imap-login {
  service_count = 0
  process_min_avail = 1
  process_limit = 1
  client_limit = ${MAX_CONNECTIONS}
  vsz_limit = 2G
  inet_listener imap {
    port = ${ports.clear}
  }
  inet_listener imaps {
    port = ${ports.tls}
    ssl = yes
  }
}
service anvil {
  client_limit = ${MAX_CONNECTIONS * 2}
}
service auth {
  client_limit = ${MAX_CONNECTIONS * 2}
}
service stats {
  client_limit = ${MAX_CONNECTIONS}
}
`;
  return ['dovecot', '-F', '-c', configFile(place, 'dovecot', text)];
}

function forwarder(place: ContenderPlace): readonly string[] {
  const { certificate, ports, mailServer } = place;
  const script = join(import.meta.dirname, 'forwarder.ts');
  const numbers = [ports.clear, ports.tls, mailServer.imapPort].map(String);
  return [process.execPath, script, ...numbers, certificate.cert, certificate.key];
}

/** JSON is YAML. Its own rules only: what is compared has the same ones. */
function postern(place: ContenderPlace, name: string, more: object): readonly string[] {
  const { ports, mailServer, certificate } = place;
  const folder = folderFor(place, name);
  const rules = join(folder, 'rules.yar');
  writeFileSync(rules, ruleCorpus(RULES));
  const config = {
    upstream: {
      host: '127.0.0.1',
      ports: { imap: mailServer.imapPort, imaps: mailServer.imapPort },
      tls: { mode: 'off' },
    },
    listeners: [
      { protocol: 'imap', address: '127.0.0.1', port: ports.clear },
      { protocol: 'imaps', address: '127.0.0.1', port: ports.tls },
    ],
    tls: { certificates: [certificate] },
    rules: [rules],
    limits: { maxConnections: MAX_CONNECTIONS, maxConnectionsPerAddress: MAX_CONNECTIONS },
    quarantine: { path: join(folder, 'quarantine') },
    admin: { enabled: false },
    log: { level: 'warn' },
    ...more,
  };
  const file = configFile(place, name, JSON.stringify(config));
  return [
    process.execPath,
    '--max-semi-space-size=16',
    '--min-semi-space-size=16',
    join(PROJECT, 'src/main.ts'),
    'serve',
    '--config',
    file,
  ];
}

/** What is not scanned is not decrypted either: behind its TLS door stands the server's. */
function tunnel(place: ContenderPlace): readonly string[] {
  const { imapPort: imap, imapsPort: imaps } = place.mailServer;
  const upstream = { host: '127.0.0.1', ports: { imap, imaps } };
  return postern(place, 'postern-tunnel', { protection: false, upstream });
}

/** Every program, in the order of the tables. */
export const CONTENDERS: readonly Contender[] = [
  { name: 'haproxy', command: haproxy },
  { name: 'nginx', command: nginx },
  { name: 'dovecot', command: dovecot },
  { name: 'perdition', command: perdition },
  { name: 'node-forwarder', command: forwarder },
  { name: 'postern-tunnel', command: tunnel },
  { name: 'postern', command: (place) => postern(place, 'postern', {}) },
];
