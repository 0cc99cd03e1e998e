// Where does it break? More and more new sessions a second until a threshold is crossed; then it ends.
import exec from 'k6/execution';
import { doorOf, doors } from '../lib/doors.js';
import { common, thresholds } from '../lib/measures.js';
import { readMail } from '../lib/session.js';

const target = Number(__ENV.RATE || 2000);
const stop = ([threshold]) => [{ threshold, abortOnFail: true, delayAbortEval: '10s' }];

export const options = {
  ...common,
  scenarios: {
    ramp: {
      executor: 'ramping-arrival-rate',
      startRate: 5,
      timeUnit: '1s',
      preAllocatedVUs: 50,
      maxVUs: 2000,
      stages: [{ target, duration: __ENV.DURATION || '10m' }],
    },
  },
  thresholds: Object.fromEntries(Object.entries(thresholds(4)).map(([name, list]) => [name, stop(list)])),
};

export default async function ramp() {
  const iteration = exec.scenario.iterationInTest;
  await readMail(doorOf(doors, 0, iteration), iteration, 1, 2);
}
