import { useState } from 'preact/hooks';
import type { ApiClient } from '../api-client.ts';
import { filledForm } from '../form-values.ts';
import type { Items, NewToken, Role, Token, User } from '../answers.ts';
import { Dialog } from '../dialog.tsx';
import { Failure, Loaded, useAction, useLoading } from '../loading.tsx';
import { type Column, Table } from '../table.tsx';
import { Foreign, Moment } from '../texts.tsx';
import type { View } from '../view.ts';

const NAME = '[a-z0-9][a-z0-9._@\\-]{0,63}';

const ROLES: readonly Role[] = ['viewer', 'operator', 'administrator'];

function RoleField({ role: present = 'viewer' }: { readonly role?: Role }) {
  return (
    <label>
      Role
      <select name="role">
        {ROLES.map((role) => (
          <option key={role} selected={role === present}>
            {role}
          </option>
        ))}
      </select>
    </label>
  );
}

function AddUser({ api, onAdded }: { readonly api: ApiClient; readonly onAdded: () => void }) {
  const { isBusy, error, run } = useAction();
  const add = (event: SubmitEvent): void => {
    const { form, values } = filledForm(event);
    run(async () => {
      await api.send('POST', '/users', values);
      form.reset();
      onAdded();
    });
  };
  return (
    <form onSubmit={add}>
      <label>
        Name
        <input name="name" required pattern={NAME} autoComplete="off" autoCapitalize="off" />
      </label>
      <label>
        Password, 12 characters or more
        <input
          name="password"
          type="password"
          required
          minLength={12}
          maxLength={256}
          autoComplete="new-password"
        />
      </label>
      <RoleField />
      <button type="submit" disabled={isBusy}>
        Add user
      </button>
      <Failure text={error} />
    </form>
  );
}

function MakeToken({ api, onMade }: { readonly api: ApiClient; readonly onMade: () => void }) {
  const [made, setMade] = useState<NewToken>();
  const { isBusy, error, run } = useAction();
  const make = (event: SubmitEvent): void => {
    const { form, values } = filledForm(event);
    run(async () => {
      setMade(await api.send<NewToken>('POST', '/tokens', values));
      form.reset();
      onMade();
    });
  };
  return (
    <>
      {made !== undefined && (
        <p role="status">
          Token of {made.name}, shown this once: <code class="long">{made.token}</code>
        </p>
      )}
      <form onSubmit={make}>
        <label>
          Name
          <input name="name" required pattern={NAME} autoComplete="off" autoCapitalize="off" />
        </label>
        <RoleField />
        <button type="submit" disabled={isBusy}>
          Make token
        </button>
        <Failure text={error} />
      </form>
    </>
  );
}

interface Asking<T> {
  readonly api: ApiClient;
  readonly one: T;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function ChangeUser({ api, one, onDone, onClose }: Asking<User>) {
  const { isBusy, error, run } = useAction();
  const change = (event: SubmitEvent): void => {
    const { role, password = '' } = filledForm(event).values;
    run(async () => {
      await api.send('PUT', `/users/${encodeURIComponent(one.name)}`, {
        ...(role === one.role ? {} : { role }),
        ...(password === '' ? {} : { password }),
      });
      onDone();
    });
  };
  return (
    <Dialog title={`Change ${one.name}`} onClose={onClose}>
      <p>A new role or password ends the sessions of this user.</p>
      <form onSubmit={change}>
        <RoleField role={one.role} />
        <label>
          New password; empty: as it is
          <input name="password" type="password" minLength={12} maxLength={256} autoComplete="new-password" />
        </label>
        <button type="submit" disabled={isBusy}>
          Change
        </button>
        <Failure text={error} />
      </form>
    </Dialog>
  );
}

function Remove({ api, one: { name, path }, onDone, onClose }: Asking<{ name: string; path: string }>) {
  const { isBusy, error, run } = useAction();
  const remove = async (): Promise<void> => {
    await api.send('DELETE', `${path}/${encodeURIComponent(name)}`);
    onDone();
  };
  return (
    <Dialog title={`Remove ${name}?`} onClose={onClose}>
      <p>It cannot be used any more from now on.</p>
      <button type="button" class="danger" disabled={isBusy} onClick={() => run(remove)}>
        Remove now
      </button>
      <Failure text={error} />
    </Dialog>
  );
}

type Asked = { readonly what: 'change' | 'remove'; readonly user: User };

function userColumns(who: View['who'], ask: (asked: Asked) => void): readonly Column<User>[] {
  return [
    { name: 'Name', cell: ({ name }) => <Foreign text={name} /> },
    { name: 'Role', cell: ({ role }) => role },
    { name: 'Since', cell: ({ createdAt }) => <Moment at={createdAt} /> },
    {
      name: 'Do',
      cell: (user) => (
        <>
          <button
            type="button"
            aria-label={`Change ${user.name} …`}
            onClick={() => ask({ what: 'change', user })}
          >
            Change …
          </button>
          {user.name !== who.name && (
            <button
              type="button"
              class="danger"
              aria-label={`Remove ${user.name} …`}
              onClick={() => ask({ what: 'remove', user })}
            >
              Remove …
            </button>
          )}
        </>
      ),
    },
  ];
}

function Users({ api, who }: View) {
  const users = useLoading('users', () => api.get<Items<User>>('/users'));
  const [asked, ask] = useState<Asked>();
  const close = (): void => ask(undefined);
  const done = (): void => {
    close();
    users.reload();
  };
  return (
    <section>
      <h2>Users</h2>
      <Loaded loading={users}>
        {({ items }) => (
          <Table
            caption="Who may log in"
            columns={userColumns(who, ask)}
            rows={items}
            keyOf={({ name }) => name}
            empty="Nobody may log in."
          />
        )}
      </Loaded>
      <AddUser api={api} onAdded={users.reload} />
      {asked?.what === 'change' && <ChangeUser api={api} one={asked.user} onDone={done} onClose={close} />}
      {asked?.what === 'remove' && (
        <Remove api={api} one={{ name: asked.user.name, path: '/users' }} onDone={done} onClose={close} />
      )}
    </section>
  );
}

function Tokens({ api }: View) {
  const tokens = useLoading('tokens', () => api.get<Items<Token>>('/tokens'));
  const [asked, ask] = useState<string>();
  const close = (): void => ask(undefined);
  return (
    <section>
      <h2>Tokens</h2>
      <Loaded loading={tokens}>
        {({ items }) => (
          <Table
            caption="Programs that may call the API"
            columns={[
              { name: 'Name', cell: ({ name }) => <Foreign text={name} /> },
              { name: 'Role', cell: ({ role }) => role },
              { name: 'Made', cell: ({ createdAt }) => <Moment at={createdAt} /> },
              { name: 'Last used', cell: ({ lastUsedAt }) => <Moment at={lastUsedAt} /> },
              {
                name: 'Remove',
                cell: ({ name }) => (
                  <button
                    type="button"
                    class="danger"
                    aria-label={`Remove the token ${name} …`}
                    onClick={() => ask(name)}
                  >
                    Remove …
                  </button>
                ),
              },
            ]}
            rows={items}
            keyOf={({ name }) => name}
            empty="There are none."
          />
        )}
      </Loaded>
      <MakeToken api={api} onMade={tokens.reload} />
      {asked !== undefined && (
        <Remove
          api={api}
          one={{ name: asked, path: '/tokens' }}
          onDone={() => (close(), tokens.reload())}
          onClose={close}
        />
      )}
    </section>
  );
}

export function AccountsPage(view: View) {
  return (
    <>
      <Users {...view} />
      <Tokens {...view} />
    </>
  );
}
