import { z } from 'zod';
import type { Account } from './profile.ts';
import type { Thunderbird } from './thunderbird.ts';

/** As the program itself asks for the source of a message. */
const READ_ALL = `
  const { MailServices } = ChromeUtils.importESModule('resource:///modules/MailServices.sys.mjs');
  const [host, user, password, expected] = arguments;
  const pause = () => new Promise((resolve) => window.setTimeout(resolve, 250));
  const login = Cc['@mozilla.org/login-manager/loginInfo;1'].createInstance(Ci.nsILoginInfo);
  login.init('imap://' + host, null, 'imap://' + host, user, password, '', '');
  await Services.logins.addLoginAsync(login);
  const { rootFolder } = MailServices.accounts.getAccount('account1').incomingServer;
  const inbox = rootFolder.getChildNamed('INBOX') ?? rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
  const update = () => new Promise((resolve) => {
    const listener = { OnStartRunningUrl() {}, OnStopRunningUrl: (url, code) => resolve(code) };
    inbox.QueryInterface(Ci.nsIMsgImapMailFolder);
    inbox.updateFolderWithListener(null, listener);
  });
  const source = (header) => new Promise((resolve, reject) => {
    const uri = inbox.getUriForMsg(header);
    const parts = [];
    const listener = {
      QueryInterface: ChromeUtils.generateQI(['nsIStreamListener', 'nsIRequestObserver']),
      onStartRequest() {},
      onDataAvailable(request, stream, offset, count) {
        const reader = Cc['@mozilla.org/binaryinputstream;1'].createInstance(Ci.nsIBinaryInputStream);
        reader.setInputStream(stream);
        parts.push(reader.readBytes(count));
      },
      onStopRequest: (request, code) => (code === 0 ? resolve(parts.join('')) : reject(new Error('stream ' + code))),
    };
    MailServices.messageServiceFromURI(uri).streamMessage(uri, listener, null, null, false, '', false);
  });
  const headers = () => [...inbox.messages];
  // the first look of a new profile may only learn which folders there are
  let status = await update();
  for (let tries = 0; status === 0 && headers().length < expected && tries < 30; tries += 1) {
    await pause();
    await pause();
    if (headers().length < expected) status = await Promise.race([update(), pause().then(pause).then(() => 0)]);
  }
  const readAll = async () => {
    const messages = [];
    for (const header of headers()) {
      messages.push({ subject: header.mime2DecodedSubject, text: await source(header) });
    }
    return messages;
  };
  // a new profile makes its folders while it reads them: a header that was found may be gone, and all of them for a while
  const patiently = async () => {
    for (let tries = 0; tries < 40; tries += 1) {
      try {
        const messages = await readAll();
        if (messages.length >= expected) return messages;
      } catch {}
      await pause();
    }
    return await readAll();
  };
  const messages = status === 0 ? await patiently() : await readAll();
  return { status, messages };
`;

/** Opens the message in the window of the program, and returns what a person reads there. */
const SHOW = `
  const { MailServices } = ChromeUtils.importESModule('resource:///modules/MailServices.sys.mjs');
  const [subject] = arguments;
  const { rootFolder } = MailServices.accounts.getAccount('account1').incomingServer;
  const pause = () => new Promise((resolve) => window.setTimeout(resolve, 100));
  // a new profile may make its folders again after they were read: then they are empty until the next look
  const opened = () => {
    for (const inbox of rootFolder.subFolders) {
      const header = [...inbox.messages].find((one) => one.mime2DecodedSubject === subject);
      if (header !== undefined) return inbox.getUriForMsg(header);
    }
    return undefined;
  };
  let messageURI = opened();
  for (let tries = 0; tries < 200 && messageURI === undefined; tries += 1) {
    if (tries % 20 === 0) for (const folder of rootFolder.subFolders) folder.updateFolder(null);
    await pause();
    messageURI = opened();
  }
  const { MailUtils } = ChromeUtils.importESModule('resource:///modules/MailUtils.sys.mjs');
  const tabmail = window.document.getElementById('tabmail');
  const tab = tabmail.openTab('mailMessageTab', { messageURI, viewWrapper: null });
  for (let tries = 0; tries < 200; tries += 1) {
    await pause();
    const browser = tab.chromeBrowser?.contentWindow?.getMessagePaneBrowser?.();
    const text = browser?.contentDocument?.body?.textContent ?? '';
    if (text.trim() !== '') return text;
  }
  return '';
`;

const mailboxSchema = z.object({
  /** nsresult; 0 when the folder was read. */
  status: z.number(),
  messages: z.array(z.object({ subject: z.string(), text: z.string() })),
});

export type Mailbox = z.infer<typeof mailboxSchema>;

/** The whole INBOX of `count` messages as the program has it; `text` is the source, one character for each octet. */
export async function readInbox(
  { control }: Thunderbird,
  { host, user, password }: Account,
  count: number,
): Promise<Mailbox> {
  return mailboxSchema.parse(await control.run(READ_ALL, host, user, password, count));
}

export async function showMessage({ control }: Thunderbird, subject: string): Promise<string> {
  return z.string().parse(await control.run(SHOW, subject));
}
