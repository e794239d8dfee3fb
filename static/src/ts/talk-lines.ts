// The transcript that grows during "Talk to it", from the call's events.
import { find, make } from "./dom";
import type { CallEvent } from "./phone-messages";

export class TalkLines {
  private readonly seen = new Set<string>();
  private readonly speechEnd = new Map<number, number>();
  private readonly gaps = new Map<number, number>();

  constructor(private readonly place: HTMLElement) {}

  clear(): void {
    this.seen.clear();
    this.speechEnd.clear();
    this.gaps.clear();
    this.place.replaceChildren();
  }

  note(text: string): void {
    this.add(make("p", "event", text));
  }

  take(event: CallEvent): void {
    const { body } = event;
    const key = `${body.kind} ${event.seq}`; // worker and bridge each count for themselves
    if (this.seen.has(key)) return; // a resumed line may repeat what was already told
    this.seen.add(key);
    const turn = Number(body.turn ?? -1);
    if (body.kind === "user_turn") {
      this.speechEnd.set(turn, Number(body.ended_ms));
      this.add(make("p", "line user", String(body.text)));
    } else if (body.kind === "agent_turn") this.reply(turn, String(body.text), String(body.unheard ?? ""));
    else if (body.kind === "latency") {
      if (typeof body.speech_end_ms === "number") this.speechEnd.set(turn, body.speech_end_ms);
    } else if (body.kind === "on_wire") this.answered(turn, event.at_ms);
    else if (body.kind === "interrupted") this.settle();
    else if (body.kind === "fault") this.note(String(body.message));
    else if (body.kind === "fallback" && body.step === "reask") this.note("The agent asked again");
    else if (body.kind === "digit") this.note(`The agent heard ${String(body.digit)}`);
  }

  /** The words of a reply come when it was heard; until then the line says that the agent is speaking. */
  private speaking(): void {
    if (find(".line.speaking", this.place)) return;
    const line = make("p", "line agent speaking", "…");
    line.setAttribute("aria-label", "The agent is speaking");
    this.add(line);
  }

  settle(): void {
    find(".line.speaking", this.place)?.remove();
  }

  private reply(turn: number, text: string, unheard: string): void {
    this.settle();
    if (!text && !unheard) return;
    const line = make("p", "line agent", text);
    if (unheard) line.append(" ", make("span", "unheard", unheard));
    const gap = this.gaps.get(turn);
    if (gap !== undefined) {
      line.append(make("small", "tnum", `${gap} ms`));
      this.gaps.delete(turn);
    }
    this.add(line);
  }

  private answered(turn: number, at: number): void {
    const end = this.speechEnd.get(turn);
    if (end !== undefined && at >= end) this.gaps.set(turn, Math.round(at - end));
    this.speaking();
  }

  private add(line: HTMLElement): void {
    find("[data-talk-hint]", this.place)?.remove();
    const atEnd = this.place.scrollHeight - this.place.scrollTop - this.place.clientHeight < 60;
    this.place.append(line);
    if (atEnd) this.place.scrollTop = this.place.scrollHeight;
  }
}
