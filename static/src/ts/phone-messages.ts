// What the page and the audio thread say to each other, and what the page and the bridge do.

export type ToAudio =
  | { type: "audio"; pcm: ArrayBuffer }
  | { type: "mark"; name: string }
  | { type: "clear" }
  | { type: "close" };

export type FromAudio =
  | { type: "frame"; pcm: ArrayBuffer }
  | { type: "mark"; name: string }
  | { type: "levels"; mic: number; agent: number };

export type ToBridge =
  | { type: "start"; rate: 16000 }
  | { type: "mark"; name: string }
  | { type: "dtmf"; digit: string }
  | { type: "hangup" };

export interface CallEvent {
  seq: number;
  at_ms: number;
  body: { kind: string; [more: string]: unknown };
}

export type FromBridge =
  | { type: "ready" }
  | { type: "clear" }
  | { type: "mark"; name: string }
  | { type: "event"; event: CallEvent }
  | { type: "ended"; reason: string; detail?: string };

/** What the start address answers. `resume`, posted to after a lost line, answers the same with a new ticket. */
export interface Line {
  media: string;
  call_url?: string;
  resume?: string;
}
