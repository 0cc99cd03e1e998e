import type { MessageContext, MessageId, RelaySettings } from '../relay.ts';
import { type CapabilityContext, rewriteCapabilities } from './capabilities.ts';

/** Facts about one connection that both directions share. */
export class ImapState {
  readonly settings: RelaySettings;
  clientSecure: boolean;
  /** Capabilities as the server last gave them; decides literals and mechanisms. */
  serverCapabilities: readonly string[] = [];
  isLoggedIn = false;
  mailbox = '';
  uidValidity = '';
  badCommands = 0;
  /** A message was withheld: the FETCH that completes next ends in NO. */
  withheld = false;
  #lastMessage: MessageId = 0;

  constructor(settings: RelaySettings) {
    this.settings = settings;
    this.clientSecure = settings.clientSecure;
  }

  newMessage(): MessageId {
    this.#lastMessage += 1;
    return this.#lastMessage;
  }

  contextOf(uid: number | undefined): MessageContext {
    const { mailbox, uidValidity } = this;
    const isKnown = uid !== undefined && uidValidity !== '';
    const identity = isKnown ? `${mailbox};uidvalidity=${uidValidity};uid=${uid}` : '';
    return { identity, mailbox, uid: uid === undefined ? '' : `${uid}` };
  }

  /** Until the server says that another one is selected. */
  leaveMailbox(): void {
    this.mailbox = '';
    this.uidValidity = '';
  }

  get capabilityContext(): CapabilityContext {
    const mayStartTls = !this.clientSecure && !this.isLoggedIn && this.settings.clientStartTls !== 'off';
    return {
      offerStartTls: mayStartTls,
      loginDisabled: mayStartTls && this.settings.clientStartTls === 'required',
    };
  }

  get visibleCapabilities(): string {
    return rewriteCapabilities(this.serverCapabilities, this.capabilityContext).join(' ');
  }

  /** Largest upload in bytes that the server takes (RFC 7889), when it says so for all mailboxes. */
  get appendLimit(): number | undefined {
    const token = this.serverCapabilities.find((name) => /^APPENDLIMIT=[0-9]{1,15}$/i.test(name));
    return token === undefined ? undefined : Number(token.slice('APPENDLIMIT='.length));
  }

  serverOffers(capability: string): boolean {
    return this.serverCapabilities.some((token) => token.toUpperCase() === capability);
  }
}
