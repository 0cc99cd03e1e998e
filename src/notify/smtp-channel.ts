import { createTransport, type Transporter } from 'nodemailer';
import { z } from 'zod';
import type { NotificationsConfig } from '../base/config/notifications-schema.ts';
import type { Secret } from '../base/secret.ts';
import type { AlertBatch } from './alert.ts';
import { headlineOf, paragraphsOf } from './alert-text.ts';
import { type Channel, DeliveryFailed } from './channel.ts';

const TIMEOUT_MS = 15_000;

/** What nodemailer says beside its message, which may quote the server. */
const errorFields = z
  .object({ code: z.string().catch('no answer'), responseCode: z.int().catch(0) })
  .catch({ code: 'no answer', responseCode: 0 });

export interface SmtpSettings extends Omit<
  NotificationsConfig['smtp'],
  'server' | 'from' | 'password' | 'passwordFile'
> {
  readonly server: string;
  readonly from: string;
  readonly password: Secret<string> | undefined;
}

/** Sends alerts as mail to the administrators of the configuration, and to nobody else. */
export class SmtpChannel implements Channel {
  readonly name = 'smtp';
  readonly #settings: SmtpSettings;
  readonly #transport: Transporter;

  constructor(settings: SmtpSettings) {
    const { server, port, tls, user, password } = settings;
    this.#settings = settings;
    this.#transport = createTransport({
      host: server,
      port,
      secure: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'off',
      ...(user === undefined ? {} : { auth: { user, pass: password?.reveal() ?? '' } }),
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      // Nothing in an alert is a file or an address to be read from.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async send(batch: AlertBatch): Promise<void> {
    const { from, to } = this.#settings;
    try {
      await this.#transport.sendMail({
        from,
        to: [...to],
        subject: headlineOf(batch),
        text: `${paragraphsOf(batch).join('\n\n')}\n`,
        messageId: `<${batch.id}@postern.invalid>`,
        // RFC 3834: no automatic answers, and our own alerts are known as such.
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Postern-Notification': batch.id },
      });
    } catch (error) {
      throw failureOf(error);
    }
  }

  async close(): Promise<void> {
    this.#transport.close();
  }
}

/** A reply of 5xx is final (RFC 5321 section 4.2.1); a login that was refused too. */
function failureOf(error: unknown): DeliveryFailed {
  const { code, responseCode: reply } = errorFields.parse(error);
  const said = reply === 0 ? code : `${code}, reply ${reply}`;
  return new DeliveryFailed(`the mail server did not take it (${said})`, code !== 'EAUTH' && reply < 500);
}
