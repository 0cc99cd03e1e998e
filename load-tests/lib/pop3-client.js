import { Client } from './client.js';
import { UNTIL_DOT } from './wire.js';

/** Every method rejects for -ERR. */
export class Pop3Client extends Client {
  constructor() {
    super();
    this.isBody = false;
  }

  open(door) {
    return this.greeted(door, { hasBody: false });
  }

  async login(user, password) {
    await this.command(`USER ${user}`);
    await this.command(`PASS ${password}`);
  }

  /** Resolves when the message has arrived whole. */
  fetch(number) {
    return this.command(`RETR ${number}`, true);
  }

  logout() {
    return this.leave('QUIT');
  }

  async command(text, hasBody = false) {
    const answer = this.answer({ hasBody });
    await this.wire.send(text);
    return answer;
  }

  line(line) {
    if (this.isBody) {
      this.isBody = false;
      this.settle(true, line);
      return 0;
    }
    const isGood = line.startsWith('+OK');
    if (isGood && this.waiting?.hasBody) {
      this.isBody = true;
      return UNTIL_DOT;
    }
    this.settle(isGood, line);
    return 0;
  }
}
