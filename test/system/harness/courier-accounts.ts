import { chmod, mkdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { PASSWORD } from './mail-server.ts';

/** Compiled into Courier's programs; there is no setting for it. */
const SOCKET = '/run/courier/authdaemon/socket';
/** Lines about the connection come before the request. */
const REQUEST = /^(?:[A-Z]+=.*\n)*AUTH (\d+)\n/;

export interface CourierOwner {
  readonly uid: number;
  readonly gid: number;
  /** The folder that holds the home of each user. */
  readonly homes: string;
}

/** What Courier asks: service, kind, then for a login the name and the password, a line each. */
function answer(owner: CourierOwner, body: string): string {
  const [, kind, user = '', password] = body.split('\n');
  if (kind !== 'login' || password !== PASSWORD || !/^u\d+$/.test(user)) {
    return 'FAIL\n';
  }
  const home = `${owner.homes}/${user}`;
  return `UID=${owner.uid}\nGID=${owner.gid}\nHOME=${home}\nADDRESS=${user}\n.\n`;
}

/** A socket that nobody listens to was left by a test that died. */
function isAnswering(): Promise<boolean> {
  const socket = connect(SOCKET);
  return new Promise((resolve) => {
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

/**
 * Stands in for Courier's account daemon, so that the test writes nothing into the system's configuration:
 * every user whose name looks like `u7` exists and has the tests' password.
 */
export class CourierAccounts {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(owner: CourierOwner): Promise<CourierAccounts> {
    if (await isAnswering()) {
      throw new Error(`${SOCKET} answers: stop the Courier of this machine before the tests`);
    }
    await rm(SOCKET, { force: true });
    await mkdir(dirname(SOCKET), { recursive: true });
    const server = createServer((socket) => {
      let text = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        text += chunk.toString();
        const [line = '', length] = REQUEST.exec(text) ?? [];
        if (line !== '' && text.length >= line.length + Number(length)) {
          socket.end(answer(owner, text.slice(line.length)));
        }
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(SOCKET, resolve);
    });
    await chmod(SOCKET, 0o666);
    return new CourierAccounts(server);
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(SOCKET, { force: true });
  }
}
