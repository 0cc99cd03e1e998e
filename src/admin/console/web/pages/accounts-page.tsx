import { useState } from 'preact/hooks';
import type { ApiClient } from '../api-client.ts';
import { filledForm } from '../form-values.ts';
import type { Items, NewToken, Token, User } from '../answers.ts';
import { Failure, Loaded, useAction, useLoading } from '../loading.tsx';
import { Table } from '../table.tsx';
import { Foreign, Moment } from '../texts.tsx';
import type { View } from '../view.ts';

const NAME = '[a-z0-9][a-z0-9._@\\-]{0,63}';

function RoleField() {
  return (
    <label>
      Role
      <select name="role" defaultValue="viewer">
        <option>viewer</option>
        <option>operator</option>
        <option>administrator</option>
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

function Users({ api, who }: View) {
  const users = useLoading('users', () => api.get<Items<User>>('/users'));
  const { isBusy, error, run } = useAction();
  const remove = async (name: string): Promise<void> => {
    await api.send('DELETE', `/users/${encodeURIComponent(name)}`);
    users.reload();
  };
  return (
    <section>
      <h2>Users</h2>
      <Failure text={error} />
      <Loaded loading={users}>
        {({ items }) => (
          <Table
            caption="Who may log in"
            columns={[
              { name: 'Name', cell: ({ name }) => <Foreign text={name} /> },
              { name: 'Role', cell: ({ role }) => role },
              { name: 'Since', cell: ({ createdAt }) => <Moment at={createdAt} /> },
              {
                name: 'Remove',
                cell: ({ name }) =>
                  name !== who.name && (
                    <button type="button" disabled={isBusy} onClick={() => run(() => remove(name))}>
                      Remove
                    </button>
                  ),
              },
            ]}
            rows={items}
            keyOf={({ name }) => name}
            empty="Nobody may log in."
          />
        )}
      </Loaded>
      <AddUser api={api} onAdded={users.reload} />
    </section>
  );
}

function Tokens({ api }: View) {
  const tokens = useLoading('tokens', () => api.get<Items<Token>>('/tokens'));
  const { isBusy, error, run } = useAction();
  const remove = async (name: string): Promise<void> => {
    await api.send('DELETE', `/tokens/${encodeURIComponent(name)}`);
    tokens.reload();
  };
  return (
    <section>
      <h2>Tokens</h2>
      <Failure text={error} />
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
                  <button type="button" disabled={isBusy} onClick={() => run(() => remove(name))}>
                    Remove
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
