/** The exercise as a trainee sees it: what to do, questions to predict on, hints, tags, alarms to acknowledge. */

import { useSignal } from "@preact/signals";
import { attempt, openDebrief } from "../acts";
import { post, sentence } from "../api";
import { duration } from "../format";
import { cues, exercise, may } from "../store";
import type { Cue, Task } from "../types";
import { say, select } from "../ui";
import { Priority } from "./alarms";

interface Question {
  readonly step: string;
  readonly question: string;
  readonly choices: readonly string[];
  readonly within_s?: number | null;
}

interface Status {
  readonly title?: string;
  readonly about?: string;
  readonly trainee?: string;
  readonly exam?: boolean;
  readonly state?: string;
  readonly stopped?: string;
  readonly elapsed_s?: number;
  readonly until_s?: number | null;
  readonly questions?: readonly Question[];
  readonly tasks?: readonly (Task & { due_s?: number | null })[];
  readonly hints_used?: number;
  readonly hint_points?: number;
  readonly hint_available?: boolean;
  readonly hint?: string;
  readonly alarms?: readonly ExerciseAlarm[];
  readonly tags?: readonly { node_id: string; owner: string; text?: string }[];
  readonly points?: number | null;
  readonly points_max?: number;
  readonly debrief?: string;
  readonly said?: readonly string[];
}

const TASK_MARKS: Readonly<Record<string, string>> = { waiting: "…", open: "▸", done: "✓", late: "!" };

export function ExercisePanel() {
  const status = exercise.value as Status | null;
  if (!status) return null;
  const elapsed_s = status.elapsed_s ?? 0;
  return (
    <section class="exercise" aria-label="Exercise">
      <header class="panel-head">
        <div>
          <h2>{status.title}</h2>
          <p class="quiet">
            {status.exam ? "Exam · " : ""}
            {status.trainee ? `${status.trainee} · ` : ""}
            {duration(elapsed_s)}
            {status.until_s ? ` of ${duration(status.until_s)}` : ""}
            {typeof status.points === "number" && status.points_max ? ` · ${status.points} of ${status.points_max} points` : ""}
          </p>
        </div>
      </header>
      {status.about ? <p>{status.about}</p> : null}
      {status.stopped ? <p class="banner bad">{status.stopped}</p> : null}
      {status.debrief ? <button class="go" onClick={() => openDebrief(status.debrief ?? "/")}>Open the debrief</button> : null}
      {(status.questions ?? []).map((question) => (
        <Prediction key={question.step} question={question} />
      ))}
      {status.tasks?.length ? (
        <ol class="tasks">
          {status.tasks.map((task) => (
            <li key={task.id} class={task.state}>
              <span class="tick" aria-hidden="true">{TASK_MARKS[task.state] ?? "…"}</span>
              <span>
                {task.title || "not yet known"}
                <span class="unseen">, {task.state}</span>
              </span>
              <span class="quiet t">{task.state === "open" && typeof task.due_s === "number" ? `${duration(Math.max(0, task.due_s - elapsed_s))} left` : ""}</span>
            </li>
          ))}
        </ol>
      ) : null}
      <Alarms alarms={status.alarms ?? []} />
      {status.tags?.length ? (
        <p class="quiet">
          Locked out: {status.tags.map((tag) => `${tag.node_id} (${tag.owner})`).join(", ")}
        </p>
      ) : null}
      {status.hint ? <p class="hint">{status.hint}</p> : null}
      {may("answer") && status.hint_available ? (
        <button onClick={hint}>
          Hint {status.hint_points ? `(costs ${status.hint_points} ${status.hint_points === 1 ? "point" : "points"})` : ""}
        </button>
      ) : null}
    </section>
  );
}

async function hint(): Promise<void> {
  try {
    const answer = await post<{ text: string }>("/exercise/hint");
    say(answer.text || "There is no more help.");
  } catch (error) {
    say(sentence(error), true);
  }
}

/** A question whose answer is to be predicted before it shows; only the first answer counts. */
function Prediction({ question }: { question: Question }) {
  const told = useSignal("");
  const answer = async (choice: string) => {
    try {
      const back = await post<{ text?: string } | undefined>("/exercise/answer", { step: question.step, choice });
      told.value = back?.text || `Your answer: ${choice}`;
      say(told.value);
    } catch (error) {
      say(sentence(error), true);
    }
  };
  return (
    <div class="prediction" role="group" aria-label="Prediction">
      <h3>Predict</h3>
      <p>{question.question}</p>
      {told.value ? (
        <p>
          <b>{told.value}</b>
        </p>
      ) : (
        <div class="choices">
          {question.choices.map((choice) => (
            <button key={choice} disabled={!may("answer")} onClick={() => answer(choice)}>{choice}</button>
          ))}
        </div>
      )}
    </div>
  );
}

interface ExerciseAlarm {
  readonly node_id: string;
  readonly t_s: number;
  readonly message: string;
  readonly priority: string;
}

function Alarms({ alarms }: { alarms: readonly ExerciseAlarm[] }) {
  if (!alarms.length) return null;
  return (
    <div class="alarms">
      <h3>Alarms</h3>
      {alarms.slice(0, 8).map((alarm) => (
        <div class="row" key={`${alarm.message}${alarm.t_s}`}>
          <Priority of={alarm.priority} />
          <button class="link name" onClick={() => select(alarm.node_id)}>{alarm.message}</button>
          {may("answer") ? (
            <button onClick={() => attempt(post("/exercise/acknowledge", { node_id: alarm.node_id }), `${alarm.node_id} acknowledged`)}>Acknowledge</button>
          ) : null}
        </div>
      ))}
      {alarms.length > 1 && may("answer") ? (
        <button onClick={() => attempt(post("/exercise/acknowledge", {}), "All alarms acknowledged")}>Acknowledge all {alarms.length}</button>
      ) : null}
    </div>
  );
}

/** What the scenario says, as a caption under the plant until the next one or until it is put away. */
export function Caption() {
  const closed = useSignal("");
  const status = exercise.value as Status | null;
  const cue = cues.value.findLast((each) => each.cue !== "ask");
  const text = cue ? wordsOf(cue) : status?.state === "running" ? (status.said?.at(-1) ?? "") : "";
  if (!text || closed.value === text) return null;
  return (
    <div class={`told ${cue?.cue ?? "say"}`} role="status">
      <span>{text}</span>
      <button class="close" aria-label="Put the caption away" onClick={() => (closed.value = text)}>×</button>
    </div>
  );
}

function wordsOf(cue: Cue): string {
  if (cue.cue === "done") return `The exercise is over: ${cue.points ?? 0} of ${cue.points_max ?? 0} points, ${cue.passed ? "passed" : "not passed"}.`;
  return cue.cue === "by_hand" ? `By hand: ${cue.text ?? ""}` : (cue.text ?? cue.why ?? "");
}
