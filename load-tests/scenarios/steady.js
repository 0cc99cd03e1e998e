// An ordinary day: clients come, read and go, over all four doors.
import exec from 'k6/execution';
import { doorOf, doors, messages } from '../lib/doors.js';
import { common, thresholds } from '../lib/measures.js';
import { pause, readMail } from '../lib/session.js';

export const options = {
  ...common,
  scenarios: {
    steady: { executor: 'constant-vus', vus: Number(__ENV.VUS || 20), duration: __ENV.DURATION || '2m' },
  },
  thresholds: thresholds(),
};

export default async function steady() {
  const iteration = exec.vu.iterationInScenario;
  await readMail(doorOf(doors, exec.vu.idInTest, iteration), exec.vu.idInTest, 1, messages);
  pause();
}
