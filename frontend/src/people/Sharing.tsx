/** What agencies let each other do: a table with a row for who shares and a column for who is let. */

import { session } from "../session";
import { type Agency, api } from "./api";
import { Said, Trouble, useAct, useAsked } from "./bits";
import { words } from "./words";

const say = words.sharing;
const SHARES = ["see", "work", "send"];
const EVERY = "*";

export function Sharing() {
  const { found, problem, again } = useAsked(api.agencies);
  const { waiting, said, run } = useAct();
  if (!found) return <Trouble text={problem} />;
  const all = found.agencies;
  if (all.length < 2) return <p>{say.alone}</p>;
  const to = [...all.map(({ id, name }) => ({ id, name })), { id: EVERY, name: say.every }];
  const may = (owner: Agency) =>
    session.value?.roles.includes("administrator") &&
    ["*", owner.id].includes(session.value.agency ?? "");
  return (
    <>
      <p>{say.what}</p>
      <Said said={said} />
      <table class="sharing">
        <thead>
          <tr>
            <th scope="col">{say.owner}</th>
            {to.map((one) => (
              <th key={one.id} scope="col">
                {one.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {all.map((owner) => (
            <tr key={owner.id}>
              <th scope="row">{owner.name}</th>
              {to.map((one) => (
                <td key={one.id}>
                  {one.id === owner.id ? null : (
                    <Cell
                      owner={owner}
                      to={one}
                      off={!may(owner) || waiting}
                      set={(what) =>
                        run(async () => {
                          await api.share(owner.id, one.id, what);
                          await again();
                          return undefined;
                        })
                      }
                    />
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Cell({
  owner,
  to,
  off,
  set,
}: {
  owner: Agency;
  to: { id: string; name: string };
  off: boolean;
  set: (what: string[]) => Promise<void>;
}) {
  const on = owner.shares.find((share) => share.to === to.id)?.what ?? [];
  return (
    <>
      {SHARES.map((share) => (
        <label key={share}>
          <input
            type="checkbox"
            checked={on.includes(share)}
            disabled={off}
            aria-label={say.box(words.share[share] ?? share, owner.name, to.name)}
            onChange={(event) => {
              const others = on.filter((one) => one !== share);
              void set(event.currentTarget.checked ? [...others, share] : others);
            }}
          />
          {words.share[share]}
        </label>
      ))}
    </>
  );
}
