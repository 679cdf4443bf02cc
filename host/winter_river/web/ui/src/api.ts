/** Asking the service; every refusal becomes a Refusal with its words and its cure. */

const BASE = "/api/v1";
export const AGAIN_MS = 2_000; // chosen: a service that is restarted is back within a few seconds
const ANSWER_MS_MAX = 15_000; // chosen: a command may wait for a slow board, a what-if runs ten minutes ahead

export class Refusal extends Error {
  constructor(
    message: string,
    readonly cure: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export function get<T>(path: string): Promise<T> {
  return ask<T>("GET", path);
}

export function getText(path: string): Promise<string> {
  return ask<string>("GET", path, undefined, (text) => text);
}

export function post<T>(path: string, body: unknown = {}): Promise<T> {
  return ask<T>("POST", path, body);
}

export function remove<T>(path: string): Promise<T> {
  return ask<T>("DELETE", path);
}

/** What went wrong, in one sentence with its cure. */
export function sentence(error: unknown): string {
  if (error instanceof Refusal) return error.cure ? `${error.message}. ${error.cure}` : error.message;
  return error instanceof Error ? error.message : String(error);
}

async function ask<T>(method: string, path: string, body?: unknown, read: (text: string) => unknown = JSON.parse): Promise<T> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(BASE + path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    text = await answer.text();
  } catch {
    throw new Refusal("the service does not answer", "Is it still running in its terminal?", 0);
  }
  let data: unknown;
  try {
    data = text ? (answer.ok ? read : JSON.parse)(text) : undefined;
  } catch {
    data = undefined;
  }
  if (!answer.ok) {
    const told = (data ?? {}) as { error?: unknown; cure?: unknown };
    throw new Refusal(
      typeof told.error === "string" ? told.error : `the service answers ${answer.status}`,
      typeof told.cure === "string" ? told.cure : "",
      answer.status,
    );
  }
  return data as T;
}
