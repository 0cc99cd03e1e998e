import { Socket } from 'k6/x/tcp';

const LF = 10;
/** Ends the content of a POP3 answer (RFC 1939 section 3); in the content a line never is one dot alone. */
const BODY_END = '\r\n.\r\n';

/** Returned by `onLine`: content follows up to a line of one dot, which is handed over, and then nothing. */
export const UNTIL_DOT = -1;

/** Latin-1 text of some bytes: protocol lines only, content is never turned into text. */
function text(bytes) {
  return String.fromCharCode.apply(null, bytes);
}

/**
 * One connection that hands over lines and skips what it is told to skip. `onLine(line)` gets each line without
 * its CRLF and returns how many bytes of content follow it, or `UNTIL_DOT`. Content is not looked at line by line: k6
 * would be busy with it, and be what is measured.
 */
export class Wire {
  constructor(onLine) {
    this.socket = new Socket();
    this.onLine = onLine;
    this.carry = '';
    this.skip = 0;
    this.tail = '';
    this.isClosed = false;
    this.firstByteAt = 0;
    this.onClose = () => {};
    this.beforeRead = () => {};
    this.socket.on('data', (data) => this.received(new Uint8Array(data)));
    this.socket.on('error', () => this.closed());
    this.socket.on('close', () => this.closed());
  }

  open({ host, port, tls }) {
    return this.socket.connect({ host, port, tls });
  }

  send(line) {
    this.firstByteAt = 0;
    return this.socket.write(`${line}\r\n`);
  }

  end() {
    this.isClosed = true;
    this.socket.destroy();
  }

  closed() {
    this.isClosed = true;
    this.onClose();
  }

  received(bytes) {
    this.beforeRead(bytes.length);
    this.firstByteAt = this.firstByteAt || Date.now();
    let position = 0;
    while (position < bytes.length) {
      if (this.skip === UNTIL_DOT) {
        this.skipToDot(bytes.subarray(position));
        return;
      }
      if (this.skip > 0) {
        const step = Math.min(this.skip, bytes.length - position);
        this.skip -= step;
        position += step;
        continue;
      }
      const end = bytes.indexOf(LF, position);
      if (end === -1) {
        this.carry += text(bytes.subarray(position));
        return;
      }
      const line = (this.carry + text(bytes.subarray(position, end))).replace(/\r$/, '');
      this.carry = '';
      position = end + 1;
      this.skip = this.onLine(line) || 0;
      this.tail = '\r\n';
    }
  }

  /** One command at a time: the end of its answer is the end of what has come. */
  skipToDot(bytes) {
    const last = bytes.subarray(Math.max(0, bytes.length - BODY_END.length));
    this.tail = (this.tail + text(last)).slice(-BODY_END.length);
    if (this.tail === BODY_END) {
      this.skip = 0;
      this.onLine('.');
    }
  }
}
