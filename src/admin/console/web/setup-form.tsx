import type { ApiClient } from './api-client.ts';
import type { Setup, Who } from './answers.ts';
import { filledForm } from './form-values.ts';
import { Failure, useAction } from './loading.tsx';

function CommandHint() {
  return (
    <>
      <p>Make the first administrator on the host of the gateway:</p>
      <pre>postern admin user add NAME &lt; password-file</pre>
      <p>or in its container:</p>
      <pre>docker exec -i CONTAINER node src/main.ts admin user add NAME &lt; password-file</pre>
      <p>The password is the first line of standard input and has 12 characters or more.</p>
    </>
  );
}

interface SetupProps {
  readonly api: ApiClient;
  readonly setup: Setup;
  readonly onLogin: (who: Who) => void;
}

function TokenForm({ api, onLogin }: Omit<SetupProps, 'setup'>) {
  const { isBusy, error, run } = useAction();
  const submit = (event: SubmitEvent): void => {
    const { token = '', user = '', password = '' } = filledForm(event).values;
    run(async () => {
      await api.addFirstUser(token, user, password);
      onLogin(await api.login(user, password));
    });
  };
  return (
    <form onSubmit={submit}>
      <label>
        Value of POSTERN_ADMIN_TOKEN
        <input name="token" type="password" autoComplete="off" required maxLength={500} />
      </label>
      <label>
        User name
        <input
          name="user"
          autoComplete="username"
          autoCapitalize="off"
          required
          pattern="[a-z0-9][a-z0-9._@\-]{0,63}"
          title="a-z, 0-9, dot, underscore, @ and dash"
        />
      </label>
      <label>
        New password, 12 characters or more
        <input
          name="password"
          type="password"
          autoComplete="new-password"
          required
          minLength={12}
          maxLength={256}
        />
      </label>
      <button type="submit" disabled={isBusy}>
        Make the first administrator
      </button>
      <Failure text={error} />
    </form>
  );
}

/** Nobody can log in yet: how the first administrator comes into being. */
export function SetupForm({ api, setup, onLogin }: SetupProps) {
  return (
    <section>
      <h2>There is no account yet</h2>
      <CommandHint />
      {setup.byToken && (
        <>
          <p>Or here, with the token of the environment:</p>
          <TokenForm api={api} onLogin={onLogin} />
        </>
      )}
    </section>
  );
}
