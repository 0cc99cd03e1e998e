import type { RelaySettings } from '../relay.ts';
import { MAX_REMEMBERED_UIDLS } from './limits.ts';
import type { CapabilityView } from './capabilities.ts';
import { cleanName } from './sasl-identity.ts';

/** What the exchanges of one session have to know of each other. */
export class SessionState {
  readonly settings: RelaySettings;
  clientSecure: boolean;
  loggedIn = false;
  /** The server offered channel binding, so SCRAM without it would fail. */
  plusOffered = false;
  /** Name given by the last USER; a name counts only once the server accepted the login. */
  user = '';
  /** Retrievals that were begun. */
  retrievals = 0;
  readonly #uidls = new Map<number, string>();

  constructor(settings: RelaySettings) {
    this.settings = settings;
    this.clientSecure = settings.clientSecure;
  }

  get mayStartTls(): boolean {
    return !this.clientSecure && !this.loggedIn && this.settings.clientStartTls !== 'off';
  }

  get mayLogIn(): boolean {
    return this.clientSecure || this.settings.clientStartTls !== 'required';
  }

  get capabilityView(): CapabilityView {
    return { startTls: this.mayStartTls, login: this.mayLogIn };
  }

  named(user: string): void {
    this.user = cleanName(user);
  }

  remember(message: number, uidl: string): void {
    if (this.#uidls.size < MAX_REMEMBERED_UIDLS) {
      this.#uidls.set(message, uidl);
    }
  }

  /** Empty when it was not seen. */
  uidl(message: number): string {
    return this.#uidls.get(message) ?? '';
  }
}
