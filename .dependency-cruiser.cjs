// The floors of ARCHITECTURE.md, executable. A folder may import itself and what is listed; nothing else under src/.
const floor = (name, ...mayImport) => ({
  name: `floor:${name}`,
  severity: 'error',
  from: { path: `^src/${name}/`, pathNot: '\\.test\\.ts$' },
  to: { path: '^src/', pathNot: [`^src/${name}/`, ...mayImport] },
});
const base = '^src/base/';
const scanContract = '^src/scan/(verdict|scanner)\\.ts$';
const quarantineContract = '^src/quarantine/(quarantine-store|release-list|pending-offers)\\.ts$';
const quarantineForAdministrators =
  '^src/quarantine/(quarantine-archive|release-book|audit-trail|message-preview)\\.ts$';
const historyContract = '^src/history/judgement-log\\.ts$';
const historyForAdministrators = '^src/history/(detection-history|retro-hunt-report)\\.ts$';

module.exports = {
  forbidden: [
    floor('base'),
    floor('scan', base),
    floor('rules', base),
    floor('quarantine', base, scanContract),
    floor('history', base, scanContract, quarantineContract, quarantineForAdministrators),
    floor('notify', base, scanContract, '^src/history/judgement-log\\.ts$'),
    floor('workers', base, '^src/scan/', '^src/rules/'),
    floor('gateway', base, scanContract, quarantineContract, historyContract),
    floor(
      'admin',
      base,
      scanContract,
      quarantineContract,
      quarantineForAdministrators,
      historyForAdministrators,
    ),
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'protocols-are-siblings',
      severity: 'error',
      from: { path: '^src/gateway/(imap|pop3)/' },
      to: { path: '^src/gateway/(imap|pop3)/', pathNot: '^src/gateway/$1/' },
    },
    {
      name: 'pure-code-has-no-io',
      severity: 'error',
      from: {
        path: [
          '^src/scan/',
          '/wire/',
          '-relay\\.ts$',
          '^src/gateway/imap/',
          '^src/gateway/pop3/',
          '^src/gateway/policy/',
        ],
        pathNot: '\\.test\\.ts$',
      },
      to: {
        path: '^(node:)?(net|tls|dns|http|https|http2|dgram|worker_threads|timers.*|child_process|cluster)$',
      },
    },
    {
      name: 'scan-is-silent',
      severity: 'error',
      from: { path: '^src/scan/' },
      to: { path: '^src/base/(metrics|log|config/load)\\.ts$' },
    },
    {
      name: 'yara-lives-in-one-place',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/scan/engines/yara' },
      to: { path: 'node_modules/@litko' },
    },
    {
      name: 'piscina-lives-in-workers',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/workers/' },
      to: { path: 'node_modules/piscina' },
    },
    {
      name: 'only-the-roof-imports-the-roof',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(main\\.ts|cli/)' },
      to: { path: '^src/(app\\.ts|main\\.ts|cli/)' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
