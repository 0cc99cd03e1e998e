// Does everything answer? One client, each door in turn.
import exec from 'k6/execution';
import { doorOf, doors, messages } from '../lib/doors.js';
import { common, thresholds } from '../lib/measures.js';
import { readMail } from '../lib/session.js';

// a fresh gateway is slower than a warm one
export const options = { ...common, vus: 1, iterations: 4 * doors.length, thresholds: thresholds(10) };

export default async function smoke() {
  const iteration = exec.scenario.iterationInTest;
  await readMail(doorOf(doors, 0, iteration), 0, 1, messages);
}
