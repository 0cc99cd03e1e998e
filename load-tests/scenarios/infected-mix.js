// Every mailbox holds infected mail among the clean: the same promises, and no session is lost to one bad message.
import exec from 'k6/execution';
import { doorOf, doors, messages } from '../lib/doors.js';
import { common, thresholds } from '../lib/measures.js';
import { pause, readMail } from '../lib/session.js';

// mailboxes: messages from INFECTED_FROM on are infected (load-tests/README.md)
const infectedFrom = Number(__ENV.INFECTED_FROM || messages + 1);
const infected = Number(__ENV.INFECTED || 3);

export const options = {
  ...common,
  scenarios: {
    mix: { executor: 'constant-vus', vus: Number(__ENV.VUS || 20), duration: __ENV.DURATION || '2m' },
  },
  thresholds: thresholds(),
};

export default async function mix() {
  const { idInTest, iterationInScenario } = exec.vu;
  const door = doorOf(doors, idInTest, iterationInScenario);
  // one of four sessions reads what is infected
  const isInfected = iterationInScenario % 4 === 3;
  await readMail(door, idInTest, isInfected ? infectedFrom : 1, isInfected ? infected : messages);
  pause();
}
