import { settle, UNTIL_DOT, Wire } from './wire.js';

/** A POP3 client of one command at a time. Every method rejects for -ERR and when the connection ends. */
export class Pop3Client {
  constructor() {
    this.waiting = undefined;
    this.isBody = false;
    this.wire = new Wire((line) => this.line(line));
    this.wire.onClose = () => this.fail('the connection was closed');
  }

  async open(door) {
    const greeting = this.answer(false);
    await this.wire.open(door);
    await greeting;
  }

  async login(user, password) {
    await this.command(`USER ${user}`);
    await this.command(`PASS ${password}`);
  }

  /** Resolves when the message has arrived whole. */
  fetch(number) {
    return this.command(`RETR ${number}`, true);
  }

  noop() {
    return this.command('NOOP');
  }

  async logout() {
    await this.command('QUIT');
    this.wire.end();
  }

  async command(text, hasBody = false) {
    const answer = this.answer(hasBody);
    await this.wire.send(text);
    return answer;
  }

  answer(hasBody) {
    return new Promise((resolve, reject) => {
      this.waiting = { hasBody, resolve, reject };
    });
  }

  fail(reason) {
    const waiting = this.waiting;
    this.waiting = undefined;
    if (waiting) {
      waiting.reject(new Error(reason));
    }
  }

  line(line) {
    const waiting = this.waiting;
    if (!waiting) {
      return 0;
    }
    if (this.isBody) {
      this.isBody = false;
      this.waiting = undefined;
      waiting.resolve(line);
      return 0;
    }
    if (line.startsWith('+OK') && waiting.hasBody) {
      this.isBody = true;
      return UNTIL_DOT;
    }
    this.waiting = undefined;
    settle(waiting, line.startsWith('+OK'), line);
    return 0;
  }
}
