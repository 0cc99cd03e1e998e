// Clients behind a thin line take a long time for each message; clients beside them must not notice.
import { sleep } from 'k6';
import exec from 'k6/execution';
import { doorOf, doors, messages } from '../lib/doors.js';
import { common, thresholds } from '../lib/measures.js';
import { pause, readMail } from '../lib/session.js';

const bytesPerSecond = Number(__ENV.SLOW_BYTES_PER_SECOND || 64 * 1024);
const duration = __ENV.DURATION || '2m';

// what slow readers wait for is their own line: only whether they fail is asked of them
const limits = Object.fromEntries(
  Object.entries(thresholds()).map(([name, list]) => [
    name.endsWith('_ms') ? `${name}{scenario:others}` : name,
    list,
  ]),
);

export const options = {
  ...common,
  scenarios: {
    slow: {
      executor: 'constant-vus',
      vus: Number(__ENV.SLOW_VUS || 50),
      duration,
      exec: 'slow',
      gracefulStop: '2m',
    },
    others: { executor: 'constant-vus', vus: Number(__ENV.VUS || 10), duration, exec: 'others' },
  },
  thresholds: limits,
};

export async function slow() {
  const { idInTest, iterationInScenario } = exec.vu;
  await readMail(doorOf(doors, idInTest, iterationInScenario), idInTest, 1, messages, ({ wire }) => {
    wire.beforeRead = (count) => sleep(count / bytesPerSecond);
  });
}

export async function others() {
  const { idInTest, iterationInScenario } = exec.vu;
  await readMail(doorOf(doors, idInTest, iterationInScenario), idInTest, 1, messages);
  pause();
}
