import { AuthExchange } from './auth-exchange.ts';
import type { Command } from './command.ts';
import type { Exchange, ExchangeHost } from './exchange.ts';
import { CapaReply, LanguagesReply, ListingReply, MechanismsReply } from './listing-reply.ts';
import { reply } from './replies.ts';
import { Retrieval } from './retrieval.ts';
import { LocalReply, LoginReply, QuitReply, SingleReply, StartTlsOffer } from './single-reply.ts';

export interface NewExchange {
  readonly exchange: Exchange;
  /** What the server is asked; undefined when it is not asked anything. */
  readonly wire?: Buffer;
}

/** The exchange for a command and the canonical line for the server. */
export function createExchange(host: ExchangeHost, command: Command): NewExchange {
  switch (command.kind) {
    case 'refused':
      return { exchange: new LocalReply(host, reply(command.text)) };
    case 'stls':
      return { exchange: new StartTlsOffer(host) };
    case 'user':
      host.state.named(command.user);
      return { exchange: new LoginReply(host, undefined), wire: command.wire };
    case 'pass':
      return { exchange: new LoginReply(host, host.state.user), wire: command.wire };
    case 'apop':
      return { exchange: new LoginReply(host, command.user), wire: command.wire };
    case 'auth': {
      const { mechanism, initial } = command;
      const words = ['AUTH', mechanism, ...(initial === undefined ? [] : [initial])];
      return { exchange: new AuthExchange(host, mechanism, initial), wire: reply(words.join(' ')) };
    }
    case 'auth-list':
      return { exchange: new MechanismsReply(host), wire: reply('AUTH') };
    case 'capa':
      return { exchange: new CapaReply(host), wire: reply('CAPA') };
    case 'languages':
      return { exchange: new LanguagesReply(host), wire: reply('LANG') };
    case 'quit':
      return { exchange: new QuitReply(host), wire: reply('QUIT') };
    case 'single':
      return { exchange: new SingleReply(host, command.verb), wire: command.wire };
    case 'listing':
      return { exchange: new ListingReply(host, command.verb), wire: reply(command.verb) };
    case 'retrieve':
      break;
  }
  const exchange = new Retrieval(host, command);
  return { exchange, wire: exchange.wire };
}
