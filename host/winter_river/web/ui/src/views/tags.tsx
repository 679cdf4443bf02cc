/** Lock-out tags: nobody operates a device until whoever hung the tag has taken it off. */

import { useSignal } from "@preact/signals";
import { attempt } from "../acts";
import { post } from "../api";
import { exercise } from "../store";

interface Tag {
  readonly node_id: string;
  readonly owner: string;
  readonly text?: string;
}

function tagsOf(id: string): readonly Tag[] {
  const tags = exercise.value?.tags;
  return Array.isArray(tags) ? (tags as Tag[]).filter((tag) => tag.node_id === id) : [];
}

export function TagForm({ id }: { id: string }) {
  const text = useSignal("");
  const tags = tagsOf(id);
  return (
    <div class="tags">
      {tags.map((tag) => (
        <p class="tag" key={`${tag.owner}${tag.text}`}>
          <b>Locked out</b> by {tag.owner}
          {tag.text ? `: ${tag.text}` : ""}
        </p>
      ))}
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(post("/exercise/tag", { node_id: id, on: true, text: text.value }), `${id}: tag placed`);
        }}
      >
        <input type="text" maxLength={60} aria-label="Text on the tag" placeholder="Text on the tag" onInput={(event) => (text.value = event.currentTarget.value)} />
        <button type="submit">Tag out</button>
        {tags.length ? (
          <button type="button" onClick={() => attempt(post("/exercise/tag", { node_id: id, on: false }), `${id}: tag removed`)}>Take off</button>
        ) : null}
      </form>
    </div>
  );
}
