import { Wire } from './wire.js';

/** A client of one command at a time. The protocols say in `line` what a line means, and call `settle` at the end. */
export class Client {
  constructor() {
    this.waiting = undefined;
    this.wire = new Wire((line) => this.line(line));
    this.wire.onClose = () => this.settle(false, 'the connection was closed');
  }

  /** Resolves with the line that ends an answer, rejects with another one or when the connection ends. */
  answer(about) {
    return new Promise((resolve, reject) => {
      this.waiting = { ...about, resolve, reject };
    });
  }

  async greeted(door, about) {
    const greeting = this.answer(about);
    await this.wire.open(door);
    await greeting;
  }

  noop() {
    return this.command('NOOP');
  }

  async leave(command) {
    await this.command(command);
    this.wire.end();
  }

  settle(isGood, line) {
    const waiting = this.waiting;
    this.waiting = undefined;
    if (isGood) {
      waiting?.resolve(line);
    } else {
      waiting?.reject(new Error(line));
    }
  }
}
