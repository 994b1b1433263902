/** The alarm strip: every alarm nobody has answered, the loudest first. */

import { alarmTitle, alarmWhere, kindOf } from "../alarms";
import { lost } from "../connection";
import { answerOne } from "../keys";
import { locked } from "../session";
import * as store from "../store";
import { now, span } from "../time";
import type { Alarm } from "../types";
import { words } from "../words";
import { Key, Since } from "./bits";

const SHOWN = 2;
const RECENT_US = 600_000_000;
const say = words.alarms;

export function AlarmStrip() {
  const list = store.unanswered.value;
  return (
    <section class="alarms" aria-label={say.region} data-panel="alarms">
      <div class="count">
        {list.length ? <b>{say.count(list.length)}</b> : <span>{say.none}</span>}
        <small>{list.length ? say.need(list.length) : say.noneMore}</small>
      </div>
      <ul>
        {list.slice(0, SHOWN).map((alarm, i) => (
          <Box key={alarm.id} alarm={alarm} first={i === 0} />
        ))}
      </ul>
      {list.length > SHOWN ? <b class="more wide">{say.more(list.length - SHOWN)}</b> : null}
      {list.length > 1 ? <b class="more narrow">{say.more(list.length - 1)}</b> : null}
      <Rate list={list} />
      <p class="hidden" aria-live="assertive">
        {list[0] ? say.loud(list.length, locked.value ? kindOf(list[0]) : alarmTitle(list[0])) : ""}
      </p>
    </section>
  );
}

function Box({ alarm, first }: { alarm: Alarm; first: boolean }) {
  const more = [
    alarm.level > 0 ? say.level(alarm.level) : "",
    ...(locked.value ? [words.lock.toAnswer] : details(alarm)),
  ].filter(Boolean);
  return (
    <li class={`alarm ${alarm.level > 0 ? "escalated" : ""}`}>
      <div class="what">
        <b>{locked.value ? kindOf(alarm) : alarmTitle(alarm)}</b>
        <small>{more.join(", ")}</small>
      </div>
      <span class="clock">
        <Since us={alarm.raised_us} />
      </span>
      {locked.value ? null : (
        <button
          type="button"
          class="main"
          disabled={lost.value}
          title={lost.value ? words.lost.offNow : undefined}
          onClick={() => void answerOne(alarm.id)}
        >
          {say.answer} {first ? <Key>F2</Key> : null}
        </button>
      )}
    </li>
  );
}

/** Where it is and what was said; never on a locked console. */
const details = (alarm: Alarm): string[] => [
  alarmWhere(alarm),
  alarm.verified ? "" : say.unverified,
  (alarm.presses ?? 1) > 1 ? say.presses(alarm.presses ?? 1) : "",
  alarm.text ? `“${alarm.text}”` : "",
];

/** At the right: how many came in ten minutes, and how long the longest has waited. */
function Rate({ list }: { list: Alarm[] }) {
  store.alarmsRev.value;
  const since = now.value * 1000 - RECENT_US;
  let recent = 0;
  for (const alarm of store.everyAlarm()) if (alarm.raised_us >= since) recent++;
  const oldest = Math.min(...list.map((a) => a.raised_us));
  return (
    <div class="rate">
      <b>{say.recentLabel}</b>
      <span>{say.recent(recent)}</span>
      <span class="grow" />
      {list.length ? <span>{say.longest(span(now.value - oldest / 1000))}</span> : null}
    </div>
  );
}
