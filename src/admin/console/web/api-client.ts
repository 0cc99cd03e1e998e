import type { Who } from './answers.ts';

/** The API said no, or nothing. `message` is for the person in front of the page. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  /** HTTP status; 0: no answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

type Query = Readonly<Record<string, string>>;

/** Calls the API with the session cookie, and with the token that a forged request cannot know. */
export class ApiClient {
  #csrf = '';
  /** Called when the session is over. */
  onLoggedOut: () => void = () => undefined;

  async whoAmI(): Promise<Who> {
    return this.#remember(await this.get<Who>('/session'));
  }

  async login(user: string, password: string): Promise<Who> {
    return this.#remember(await this.send<Who>('POST', '/session', { user, password }));
  }

  /** With the token of the environment, which is not kept. */
  async addFirstUser(token: string, name: string, password: string): Promise<void> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ name, password, role: 'administrator' });
    await this.#call('/users', { method: 'POST', headers, body });
  }

  async logout(): Promise<void> {
    await this.send('DELETE', '/session');
    this.#csrf = '';
    this.onLoggedOut();
  }

  /** Empty values are no conditions. */
  async get<T>(path: string, query: Query = {}): Promise<T> {
    const given = Object.entries(query).filter(([, value]) => value !== '');
    const search = given.length === 0 ? '' : `?${new URLSearchParams(Object.fromEntries(given)).toString()}`;
    const response = await this.#call(`${path}${search}`, {});
    return (await response.json()) as T; // the server has checked it against the schema that T comes from
  }

  async send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> {
    const response = await this.#change(method, path, body);
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T; // as above
  }

  async download(path: string, body: unknown): Promise<Blob> {
    return (await this.#change('POST', path, body)).blob();
  }

  #change(method: string, path: string, body: unknown): Promise<Response> {
    const headers = { 'x-postern-csrf': this.#csrf };
    const json = { 'content-type': 'application/json' };
    return this.#call(
      path,
      body === undefined
        ? { method, headers }
        : { method, headers: { ...headers, ...json }, body: JSON.stringify(body) },
    );
  }

  async #call(path: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`/api/v1${path}`, { ...init, credentials: 'same-origin' });
    } catch {
      throw new ApiFailure(0, 'the gateway does not answer');
    }
    if (response.ok) return response;
    if (response.status === 401 && path !== '/session') this.onLoggedOut();
    throw new ApiFailure(response.status, await reasonOf(response));
  }

  #remember(who: Who): Who {
    this.#csrf = who.csrf ?? '';
    return who;
  }
}

async function reasonOf(response: Response): Promise<string> {
  try {
    const { error, issues } = (await response.json()) as {
      error?: string;
      issues?: readonly { path: string; message: string }[];
    };
    const details = (issues ?? []).map(({ path, message }) => `${path}: ${message}`);
    return [error ?? `status ${response.status}`, ...details].join('; ');
  } catch {
    return `status ${response.status}`;
  }
}
