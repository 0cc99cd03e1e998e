/** `readers.ts DOOR`: eight clients that fetch the whole corpus, again and again, until they are stopped. */
import { type Door, LoadConnection } from './load-connection.ts';
import { CORPUS_USER } from './mail-box.ts';

const READERS = 8;

const door = JSON.parse(process.argv[2] ?? '{}') as Door;

async function read(connection: LoadConnection): Promise<never> {
  for (;;) {
    await connection.command('FETCH 1:* BODY.PEEK[]');
  }
}

const connections = await Promise.all(
  Array.from({ length: READERS }, () => LoadConnection.inbox(door, CORPUS_USER)),
);
process.on('disconnect', () => process.exit());
process.send?.('reading');
await Promise.all(connections.map(read));
