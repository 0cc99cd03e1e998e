import { Client } from './client.js';

/** Every method rejects when the answer is not OK. */
export class ImapClient extends Client {
  constructor() {
    super();
    this.tags = 0;
    this.onUntagged = () => {};
  }

  open(door) {
    return this.greeted(door, { tag: '*' });
  }

  async login(user, password) {
    await this.command(`LOGIN ${user} ${password}`);
    await this.command('SELECT INBOX');
  }

  /** Resolves when the message has arrived whole. */
  fetch(number) {
    return this.command(`FETCH ${number} BODY.PEEK[]`);
  }

  logout() {
    return this.leave('LOGOUT');
  }

  async command(text) {
    this.tags += 1;
    const tag = `k${this.tags}`;
    const answer = this.answer({ tag });
    await this.wire.send(`${tag} ${text}`);
    return answer;
  }

  line(line) {
    const literal = /\{(\d+)\}$/.exec(line);
    if (literal) {
      return Number(literal[1]);
    }
    const tag = this.waiting?.tag;
    if (tag && (line.startsWith(`${tag} `) || line.startsWith('+'))) {
      this.settle(line.startsWith('+') || / OK\b/.test(line.slice(0, tag.length + 3)), line);
    } else {
      this.onUntagged(line);
    }
    return 0;
  }
}
