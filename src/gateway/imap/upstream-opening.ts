import type { CloseReason, RelaySettings } from '../relay.ts';
import type { ResponseEvent } from './wire/response-reader.ts';
import { WireError } from './wire/wire-error.ts';

/** What the opening wants done. */
export type OpeningStep =
  | { readonly kind: 'wait' }
  | { readonly kind: 'send'; readonly text: string }
  | { readonly kind: 'startTls' }
  | { readonly kind: 'fail'; readonly reason: CloseReason }
  /** The server is ready; `capabilities` are its own, `text` is its greeting. */
  | {
      readonly kind: 'ready';
      readonly capabilities: readonly string[];
      readonly preauth: boolean;
      readonly text: string;
    };

type State = 'greeting' | 'capability' | 'starttls' | 'handshake' | 'id' | 'done';

const WAIT: OpeningStep = { kind: 'wait' };
const TAG = 'GWOPEN';

/**
 * The conversation with the server before the client hears anything: greeting, STARTTLS when it is due, and the
 * capabilities of the connection as it then is. What was said in clear text is forgotten after the handshake, and
 * nothing but status and capability is accepted in it (protocol notes 6.2).
 */
export class UpstreamOpening {
  readonly #settings: RelaySettings;
  #state: State = 'greeting';
  #isSecure: boolean;
  #capabilities: readonly string[] | undefined;
  #text = '';
  #preauth = false;

  constructor(settings: RelaySettings) {
    this.#settings = settings;
    this.#isSecure = settings.upstreamSecure;
  }

  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** The next response of the server. Throws `WireError` for what does not belong before login. */
  take(event: ResponseEvent): OpeningStep {
    if (event.kind === 'data' && event.name === 'CAPABILITY') {
      this.#capabilities = event.text.split(' ').slice(1);
      return WAIT;
    }
    if (event.kind === 'data' && event.name === 'ID' && this.#state === 'id') {
      return WAIT;
    }
    if (event.kind !== 'status') {
      throw new WireError('unexpected', 'mailbox data before login');
    }
    if (event.word === 'BYE') {
      return { kind: 'fail', reason: 'upstream-unavailable' };
    }
    if (event.status.code === 'CAPABILITY') {
      this.#capabilities = event.status.codeArguments.split(' ');
    }
    return event.tag === '*' ? this.#untagged(event) : this.#tagged(event);
  }

  /** The handshake is done. */
  secured(): OpeningStep {
    this.#isSecure = true;
    this.#capabilities = undefined;
    this.#text = '';
    return this.#askCapability();
  }

  #untagged(event: ResponseEvent & { kind: 'status' }): OpeningStep {
    if (this.#state !== 'greeting') {
      return WAIT;
    }
    if (event.word === 'PREAUTH') {
      return this.#onPreauth(event.status.text);
    }
    if (event.word !== 'OK') {
      return { kind: 'fail', reason: 'upstream-unavailable' };
    }
    this.#text = event.status.text;
    return this.#capabilities === undefined ? this.#askCapability() : this.#proceed();
  }

  /** PREAUTH in clear text makes STARTTLS impossible; elsewhere only when it was configured. */
  #onPreauth(text: string): OpeningStep {
    const { upstreamStartTls, clientSecure, clientStartTls } = this.#settings;
    // Nor could the client still ask for TLS, once it is greeted as logged in.
    const isSafeForClient = clientSecure || clientStartTls !== 'required';
    const isSafe = isSafeForClient && (this.#isSecure || upstreamStartTls === 'off');
    if (!isSafe || !this.#settings.allowPreauth) {
      return { kind: 'fail', reason: 'upstream-insecure' };
    }
    this.#preauth = true;
    this.#text = text;
    return this.#capabilities === undefined ? this.#askCapability() : this.#ready();
  }

  #tagged(event: ResponseEvent & { kind: 'status' }): OpeningStep {
    if (event.tag !== TAG) {
      throw new WireError('unexpected', 'completion of a command that was not sent');
    }
    if (this.#state === 'starttls') {
      this.#state = 'handshake';
      return event.word === 'OK' ? { kind: 'startTls' } : { kind: 'fail', reason: 'upstream-insecure' };
    }
    if (this.#state === 'id') {
      return this.#ready();
    }
    if (this.#state !== 'capability' || this.#capabilities === undefined) {
      throw new WireError('unexpected', 'no capabilities');
    }
    return this.#proceed();
  }

  #askCapability(): OpeningStep {
    this.#state = 'capability';
    return { kind: 'send', text: `${TAG} CAPABILITY\r\n` };
  }

  #proceed(): OpeningStep {
    if (!this.#wantsStartTls()) {
      return this.#introduce();
    }
    if (!this.#offers('STARTTLS')) {
      return { kind: 'fail', reason: 'upstream-insecure' };
    }
    this.#state = 'starttls';
    return { kind: 'send', text: `${TAG} STARTTLS\r\n` };
  }

  /** Says whom we speak for, in the words that Dovecot takes from proxies it trusts; others ignore them. */
  #introduce(): OpeningStep {
    const { forwardedClient } = this.#settings;
    if (forwardedClient === undefined || this.#preauth || !this.#offers('ID')) {
      return this.#ready();
    }
    this.#state = 'id';
    const { address, port } = forwardedClient;
    return {
      kind: 'send',
      text: `${TAG} ID ("x-originating-ip" "${address}" "x-originating-port" "${port}")\r\n`,
    };
  }

  #wantsStartTls(): boolean {
    if (this.#isSecure || this.#preauth || this.#settings.upstreamStartTls === 'off') {
      return false;
    }
    return this.#settings.upstreamStartTls === 'required' || this.#offers('LOGINDISABLED');
  }

  #offers(name: string): boolean {
    return this.#capabilities?.some((token) => token.toUpperCase() === name) ?? false;
  }

  #ready(): OpeningStep {
    this.#state = 'done';
    return {
      kind: 'ready',
      capabilities: this.#capabilities ?? [],
      preauth: this.#preauth,
      text: this.#text,
    };
  }
}
