/** `readers.ts DOOR USER`: eight clients that fetch the whole mailbox, again and again, until they are stopped. */
import { type Door, LoadConnection } from './load-connection.ts';

const READERS = 8;

const door = JSON.parse(process.argv[2] ?? '{}') as Door;
const user = process.argv[3] ?? '';

async function read(connection: LoadConnection): Promise<never> {
  for (;;) {
    await connection.command('FETCH 1:* BODY.PEEK[]');
  }
}

const connections = await Promise.all(
  Array.from({ length: READERS }, () => LoadConnection.inbox(door, user)),
);
process.on('disconnect', () => process.exit());
process.send?.('reading');
await Promise.all(connections.map(read));
