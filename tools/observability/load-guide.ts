import { THRESHOLDS } from './thresholds.ts';

const SCENARIOS: readonly (readonly [name: string, question: string, settings: string])[] = [
  ['smoke', 'Does everything answer?', ''],
  ['steady', 'Are the promises kept on an ordinary day?', 'VUS, DURATION, PAUSE'],
  ['ramp-to-break', 'At how many new sessions a second does it break?', 'RATE, DURATION'],
  ['soak', 'Does anything leak in ten minutes or a night?', 'VUS, DURATION, PAUSE'],
  ['infected-mix', 'Does infected mail cost sessions or time of others?', 'INFECTED_FROM, INFECTED, PAUSE'],
  [
    'slow-readers',
    'Do clients behind thin lines hold up the others?',
    'SLOW_VUS, SLOW_BYTES_PER_SECOND, PAUSE',
  ],
  ['reconnect-storm', 'What if everybody comes back at once?', 'VUS, RECONNECTS'],
  ['idle-crowd', 'Do thousands in IDLE stay, and cost only memory?', 'CROWD, SECONDS, PAUSE'],
  ['starttls', 'The same over STARTTLS and STLS, by a client of our own.', 'VUS, SECONDS'],
];

/** load-tests/README.md. */
export function renderLoadGuide(): string {
  const scenarios = SCENARIOS.map(([name, question, settings]) => `| ${name} | ${question} | ${settings} |`);
  const limits = Object.entries(THRESHOLDS).map(
    ([name, { value, unit, says }]) => `| \`${name}\` | ${value} ${unit} | ${says} |`,
  );
  return `# Load tests

\`\`\`sh
HOST=gateway.example.org PASSWORD=demo npm run load -- steady
\`\`\`

The first run builds k6 from Go modules (Go 1.25 or newer, some minutes). \`build-k6.sh\` takes our own small \`k6/x/tcp\` (\`k6/tcp\`); \`build-k6.sh --official\` builds with xk6 and grafana/xk6-tcp instead; our tests do not cover that build. The scenarios use what both have; reading slowly (\`slow-readers\`) holds the connection back only with ours.

| Scenario | Question | Settings |
|---|---|---|
${scenarios.join('\n')}

For all: \`HOST\`, \`IMAP_PORT\`, \`IMAPS_PORT\`, \`POP3_PORT\`, \`POP3S_PORT\`, \`DOORS\` (default all four: \`imap,imaps,pop3,pop3s\`), \`PASSWORD\`, \`USERS\` (u1, u2, …; default 20), \`MESSAGES\` (clean messages at the start of each mailbox; default 10). \`infected-mix\` wants infected ones behind them. \`PAUSE\`: seconds between two sessions of a client (default 1, half of that to one and a half; 0: none, and then logins to the mail server are what is measured: Dovecot alone, with 20 clients and two cores, took a second for 5 of 100). Load comes from one address: raise \`limits.maxConnectionsPerAddress\`.

k6 ends with 99 when a threshold was crossed. Metrics: \`postern_login_ms\`, \`postern_first_byte_ms\`, \`postern_fetch_ms\`, \`postern_noop_ms\`, \`postern_failed\`, each with the tag \`door\`.

## Thresholds

\`thresholds.json\`: scenarios, dashboards, alerts and this table read the same numbers.

| Name | Limit | Says |
|---|---|---|
${limits.join('\n')}

Generated from \`tools/observability/load-guide.ts\` by \`npm run generate\`.
`;
}
