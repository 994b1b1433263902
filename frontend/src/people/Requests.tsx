/** Requests for roles: a second person grants or denies them. */

import { api, type Request } from "./api";
import { Act, byName, Field, Form, list, Trouble, text, useAsked, when } from "./bits";
import { words } from "./words";

const say = words.requests;

export function Requests() {
  const { found, problem, again } = useAsked(api.requests);
  if (!found) return <Trouble text={problem} />;
  return (
    <>
      <ul class="rows wide">
        {found.requests.map((one) => (
          <Row key={one.id} request={one} again={again} />
        ))}
      </ul>
      {found.requests.length ? null : <p>{say.nothing}</p>}
    </>
  );
}

function Row({ request: one, again }: { request: Request; again: () => Promise<void> }) {
  const name = one.name ?? one.person;
  const state = say.state[one.state] ?? one.state;
  const line = say.line(name, list(one.roles, words.role), one.hours);
  return (
    <li>
      <div class="who">
        <b>{line}</b>
        <small>{say.asked(when(one.asked_us))}</small>
      </div>
      <p>
        {one.reason ? `${say.reason(one.reason)} ` : ""}
        {one.by ? say.decided(state, byName(one.by)) : state}
        {one.ends_us ? `, ${say.until(when(one.ends_us))}` : ""}
      </p>
      {one.may_grant ? (
        <Form
          title={`${say.grant}: ${line}`}
          go={say.grant}
          send={async (data) => {
            await api.grant(one.id, Number(text(data, "hours")));
            await again();
            return undefined;
          }}
        >
          <Field
            label={say.hours}
            name="hours"
            type="number"
            min={1}
            max={one.hours}
            value={one.hours}
          />
        </Form>
      ) : null}
      {one.may_deny ? (
        <Act
          name={say.deny}
          label={`${say.deny}: ${line}`}
          act={async () => {
            await api.deny(one.id);
            await again();
            return undefined;
          }}
        />
      ) : null}
    </li>
  );
}
