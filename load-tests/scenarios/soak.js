// The same for long: what leaks, shows. Watch memory and open files on the dashboard "workers and memory".
import exec from 'k6/execution';
import { doorOf, doors, messages } from '../lib/doors.js';
import { common, thresholds } from '../lib/measures.js';
import { pause, readMail } from '../lib/session.js';

export const options = {
  ...common,
  scenarios: {
    soak: { executor: 'constant-vus', vus: Number(__ENV.VUS || 20), duration: __ENV.DURATION || '10m' },
  },
  thresholds: thresholds(),
};

export default async function soak() {
  const iteration = exec.vu.iterationInScenario;
  await readMail(doorOf(doors, exec.vu.idInTest, iteration), exec.vu.idInTest, 1, messages);
  pause();
}
