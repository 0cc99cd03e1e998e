/** The mail server behind everything that is measured: `mail-server.ts SHARE`. Its parent gets the port, and sets salts. */
import { createServer } from 'node:http';
import { createDemoServer, type DemoServer } from '../src/cli/demo/server/demo-server.ts';
import { PASSWORD } from './load-connection.ts';
import {
  corpus,
  CORPUS_USER,
  PUSH_USER,
  SALT_DIGITS,
  SALT_LABEL,
  sizedMail,
  SIZES,
  sizeUser,
  SLOW_USER,
  slowMail,
} from './mail-box.ts';

/** New mail for every reader: often enough that no fetch meets the content of the one before. */
const CHURN_MS = 100;

function fill(server: DemoServer, share: number): Buffer[] {
  const boxes = [
    { user: CORPUS_USER, messages: corpus(share) },
    { user: SLOW_USER, messages: slowMail() },
    ...SIZES.map((size) => ({ user: sizeUser(size), messages: sizedMail(size) })),
  ];
  for (const { user, messages } of boxes) {
    messages.forEach((bytes) => server.deliver(user, bytes));
  }
  return boxes.flatMap(({ messages }) => messages);
}

/** What nginx asks where a user's mail is (ngx_mail_auth_http). */
function directory(imapPort: number): Promise<number> {
  const server = createServer((_request, response) => {
    response.writeHead(200, {
      'Auth-Status': 'OK',
      'Auth-Server': '127.0.0.1',
      'Auth-Port': String(imapPort),
    });
    response.end();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

const users = [CORPUS_USER, PUSH_USER, SLOW_USER, ...SIZES.map(sizeUser)];
const server = await createDemoServer({
  users: Object.fromEntries(users.map((user) => [user, PASSWORD])),
  startTls: false,
});
const messages = fill(server, Number(process.argv[2] ?? 1));
let salt = 0;
let churn: NodeJS.Timeout | undefined;

/** The same length, other content: the verdict cache knows none of it. */
function resalt(): void {
  salt += 1;
  const digits = String(salt).padStart(SALT_DIGITS, '0');
  for (const message of messages) {
    message.write(digits, SALT_LABEL.length, SALT_DIGITS, 'latin1');
  }
}

process.on('message', (request) => {
  clearInterval(churn);
  resalt();
  churn = request === 'churn' ? setInterval(resalt, CHURN_MS) : undefined;
  process.send?.({ salted: salt });
});
process.on('disconnect', () => process.exit());
process.send?.({ ...server.ports, directory: await directory(server.ports.imap) });
