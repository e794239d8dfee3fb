// The requests of the canvas. Where they go stands on the page (templates/agents/canvas.html).
import { meta } from "../../ts/dom";
import type { Draft, Loaded, Problem } from "./types";

export interface Saved {
  revision: number;
  badge: string;
  problems: Problem[];
}

export interface Theirs {
  who: string;
  at: string | null;
  changes: string[];
  draft: Draft;
  revision: number;
  problems: Problem[];
}

export interface Refused {
  error: string;
  revision?: number;
}

/** `status` 0: the server cannot be reached. `body` is null when the answer was no JSON. */
export interface Answer<T> {
  status: number;
  ok: boolean;
  body: T | null;
}

export class Server {
  constructor(private readonly urls: DOMStringMap) {}

  get outline(): string {
    return this.urls["outline"] ?? "";
  }

  load(): Promise<Answer<Loaded>> {
    return ask<Loaded>(this.urls["url"] ?? "");
  }

  save(body: object, leaving = false): Promise<Answer<Saved | Refused>> {
    return ask(this.urls["save"] ?? "", body, leaving);
  }

  check(body: object): Promise<Answer<{ problems: Problem[] } | Refused>> {
    return ask(this.urls["check"] ?? "", body);
  }

  compare(body: object): Promise<Answer<Theirs | Refused>> {
    return ask(this.urls["compare"] ?? "", body);
  }

  /** What is wrong with an expression; "" when it can be read, or nobody can tell now. */
  async expression(text: string): Promise<string> {
    const answer = await ask<Refused>(this.urls["expression"] ?? "", { text });
    return answer.body?.error ?? "";
  }
}

async function ask<T>(url: string, body?: object, leaving = false): Promise<Answer<T>> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  try {
    const response = await fetch(url, {
      method: sent === undefined ? "GET" : "POST",
      headers: { Accept: "application/json", ...(sent ? { "Content-Type": "application/json", "X-CSRFToken": meta("csrf") } : {}) },
      credentials: "same-origin",
      keepalive: leaving && (sent?.length ?? 0) < 60_000,
      ...(sent === undefined ? {} : { body: sent }),
    });
    const read = (await response.json().catch(() => null)) as T | null;
    return { status: response.status, ok: response.ok && read !== null, body: read };
  } catch {
    return { status: 0, ok: false, body: null };
  }
}
