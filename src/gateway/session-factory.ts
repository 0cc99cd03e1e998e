import type { ConnectionOptions } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import type { Config } from '../base/config/schema.ts';
import type { Logger } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { BackgroundScans } from './background-scans.ts';
import type { Channel } from './channel.ts';
import type { FlowControl } from './flow/flow-control.ts';
import type { GatewayListener } from './listener.ts';
import type { DeskSettings, LoginDesk } from './login-desk.ts';
import { type ClientApplication, type JudgeParts, MessageJudge } from './message-judge.ts';
import type { OfferDelivery } from './offer-delivery.ts';
import type { SocketEnd } from './placement/proxy-header.ts';
import { MarkBook } from './mark-book.ts';
import { MessageWords } from './message-words.ts';
import { NoticeWordings } from './policy/notice-wording.ts';
import type { Policies, PolicyTables } from './policy/policies.ts';
import type { Effect, MarkRequest, Relay, RelaySettings } from './relay.ts';
import { Session, type SessionEnd } from './session.ts';
import type { SpoolBudget } from './spool-budget.ts';
import type { ClientTls } from './tls/tls-options.ts';
import type { DialledUpstream, Upstream } from './upstream.ts';
import { familyOf, type MailProtocol } from './upstream-route.ts';

/** One maker for each protocol; they know nothing of each other. */
export interface Relays {
  readonly imap: (settings: RelaySettings) => Relay;
  readonly pop3: (settings: RelaySettings) => Relay;
  /** Who receives clients whose server the login decides. */
  readonly desks?: {
    readonly imap: (settings: DeskSettings) => LoginDesk;
    readonly pop3: (settings: DeskSettings) => LoginDesk;
  };
}

/** What all sessions of a gateway share. */
export interface SessionFactoryParts {
  readonly config: Config;
  readonly relays: Relays;
  readonly judge: JudgeParts;
  readonly policies: Policies;
  readonly background: BackgroundScans;
  readonly budget: SpoolBudget;
  readonly flow: FlowControl;
  readonly offers: OfferDelivery;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** Everything that is known of one connection when its session begins. */
export interface SessionOpening {
  readonly id: string;
  readonly listener: GatewayListener;
  readonly protocol: MailProtocol;
  readonly client: Channel;
  readonly clientEnd: SocketEnd;
  readonly clientSecure: boolean;
  readonly upstream: Upstream;
  readonly dialled: DialledUpstream;
  /** The client is logged in already, over this relay, which wanted this done then. */
  readonly begun?: { readonly relay: Relay; readonly effects: readonly Effect[] } | undefined;
  readonly clientTls: ClientTls;
  readonly upstreamTls: () => ConnectionOptions;
  /** See `SessionParts`. */
  readonly judgeUpstream?: (() => void) | undefined;
  readonly log: Logger;
  /** It became known who it is, and with what program. */
  readonly onKnown: (known: { readonly user?: string; readonly application?: string }) => void;
  readonly onEnd: (reason: SessionEnd) => void;
}

/** Puts a session together from what all share and what is known of this one. */
export class SessionFactory {
  readonly #parts: SessionFactoryParts;
  readonly #wordings: NoticeWordings;
  readonly #marks = new MarkBook();

  constructor(parts: SessionFactoryParts) {
    this.#parts = parts;
    this.#wordings = new NoticeWordings(parts.config.notice);
  }

  /** Policies and words, from the next message on. */
  reconfigure(config: PolicyTables & Pick<Config, 'notice'>): void {
    this.#parts.policies.replace(config);
    this.#wordings.replace(config.notice);
  }

  create(opening: SessionOpening): Session {
    const { config, metrics, clock, offers } = this.#parts;
    const { protocol, client, dialled, clientTls, upstreamTls, log, onKnown, onEnd, upstream } = opening;
    let application: ClientApplication | undefined;
    const session: Session = new Session({
      listener: protocol,
      client,
      upstream: dialled.channel,
      relay: opening.begun?.relay ?? this.relay(opening),
      begun: opening.begun?.effects,
      held: this.#held(
        opening,
        () => application,
        (request) => session.mark(request),
      ),
      limits: config.limits,
      greetingTimeoutMs: upstream.settings.greetingTimeoutMs,
      clientTls,
      upstreamTls,
      judgeUpstream: opening.judgeUpstream,
      metrics,
      log,
      clock,
      onApplication: (named) => {
        application = { name: named.name, version: named.version };
        onKnown({ application: `${named.name} ${named.version}`.trim() });
      },
      onUser: (user) => {
        onKnown({ user });
        void offers.deliver(user, protocol, session);
      },
      onEnd,
    });
    return session;
  }

  /** Also for a farewell without a session. */
  relay({ listener, protocol, clientSecure, clientEnd, upstream, dialled }: RelayOpening): Relay {
    const { config, relays } = this.#parts;
    // Where the login decides, the client was received before: TLS is its desk's, and nobody is logged in unasked.
    const isReceived = listener.route === 'login-domain';
    const { allowPreauth, forwardClient } = upstream.settings;
    return relays[familyOf(protocol)]({
      clientSecure,
      clientStartTls: isReceived ? 'off' : startTlsOf(listener),
      upstreamSecure: dialled.isSecure,
      upstreamStartTls: dialled.startTls,
      allowPreauth: allowPreauth && !isReceived,
      maxLiteralBytes: config.limits.maxLiteralBytes,
      editsHeaders: this.#wordings.editsHeaders,
      scanUploads: config.scan.uploads,
      forwardedClient: forwardClient ? clientEnd : undefined,
    });
  }

  /** Throws when there is none for such listeners. */
  desk(listener: GatewayListener, protocol: MailProtocol, clientSecure: boolean): LoginDesk {
    const { desks } = this.#parts.relays;
    if (desks === undefined) throw new Error('nobody receives clients before their login');
    return desks[familyOf(protocol)]({ clientSecure, clientStartTls: startTlsOf(listener) });
  }

  #held(
    opening: SessionOpening,
    application: () => ClientApplication | undefined,
    mark: (request: MarkRequest) => void,
  ) {
    const { config, judge, policies, background, budget, flow, metrics, clock } = this.#parts;
    const { protocol, listener, upstream, clientEnd, log, id } = opening;
    const wording = (user: string) => this.#wordings.of(listener.port, user);
    const family = familyOf(protocol);
    const judgedFor = {
      listener: protocol,
      family,
      client: clientEnd.address,
      log,
      policy: policies.at({ listener: listener.policy, upstream: upstream.settings.policy }),
      wording,
      words: new MessageWords({ family, wording, mark, book: this.#marks, metrics }),
    };
    return {
      sessionId: id,
      listener: protocol,
      application,
      budget,
      flow,
      memoryBytesPerMessage: config.limits.spoolMemoryBytes,
      scanner: judge.scanner,
      judge: new MessageJudge(judge, judgedFor),
      background,
      metrics,
      clock,
    };
  }
}

function startTlsOf({ tls }: GatewayListener): RelaySettings['clientStartTls'] {
  return tls === 'starttls' ? 'offered' : tls === 'starttls-required' ? 'required' : 'off';
}

export interface RelayOpening extends Pick<
  SessionOpening,
  'listener' | 'protocol' | 'clientSecure' | 'clientEnd' | 'upstream'
> {
  readonly dialled: Pick<DialledUpstream, 'isSecure' | 'startTls'>;
}
