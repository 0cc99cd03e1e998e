import { settle, Wire } from './wire.js';

/** An IMAP client of one command at a time. Every method rejects when the answer is not OK or the connection ends. */
export class ImapClient {
  constructor() {
    this.tags = 0;
    this.waiting = undefined;
    this.onUntagged = () => {};
    this.wire = new Wire((line) => this.line(line));
    this.wire.onClose = () => this.fail('the connection was closed');
  }

  async open(door) {
    const greeting = this.answer('*');
    await this.wire.open(door);
    await greeting;
  }

  async login(user, password) {
    await this.command(`LOGIN ${user} ${password}`);
    await this.command('SELECT INBOX');
  }

  /** Resolves when the message has arrived whole. */
  fetch(number) {
    return this.command(`FETCH ${number} BODY.PEEK[]`);
  }

  noop() {
    return this.command('NOOP');
  }

  async logout() {
    await this.command('LOGOUT');
    this.wire.end();
  }

  async command(text) {
    this.tags += 1;
    const tag = `k${this.tags}`;
    const answer = this.answer(tag);
    await this.wire.send(`${tag} ${text}`);
    return answer;
  }

  answer(tag) {
    return new Promise((resolve, reject) => {
      this.waiting = { tag, resolve, reject };
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
    const literal = /\{(\d+)\}$/.exec(line);
    if (literal) {
      return Number(literal[1]);
    }
    const waiting = this.waiting;
    if (waiting && (line.startsWith(`${waiting.tag} `) || line.startsWith('+'))) {
      const isGood = line.startsWith('+') || / OK\b/.test(line.slice(0, waiting.tag.length + 3));
      this.waiting = undefined;
      settle(waiting, isGood, line);
      return 0;
    }
    this.onUntagged(line);
    return 0;
  }
}
