// The audio thread of "Talk to it". Microphone in → 20 ms frames of 16 kHz pcm_s16le to the page; the agent's frames
// from the page → the loudspeaker, through a small jitter buffer. Messages are typed in phone-messages.ts.
import { Resampler, fromPcm, toPcm } from "./resample";
import type { FromAudio, ToAudio } from "./phone-messages";

const RATE = 16_000;
const FRAME = 320; // 20 ms
const PREBUFFER_SECONDS = 0.06;
const FADE_SECONDS = 0.004;
const LEVEL_EVERY_SECONDS = 0.05;

interface Piece {
  samples: Float32Array;
  mark: string | null;
}

class Phone extends AudioWorkletProcessor {
  private readonly down = new Resampler(sampleRate, RATE);
  private up = new Resampler(RATE, sampleRate);
  private readonly frame = new Float32Array(FRAME);
  private filled = 0;
  private queue: Piece[] = [];
  private offset = 0;
  private queued = 0;
  private playing = false;
  private flushing = false;
  private fade: Float32Array | null = null;
  private fadeAt = 0;
  private last = 0;
  private sinceLevel = 0;
  private micPeak = 0;
  private agentPeak = 0;
  private open = true;

  constructor() {
    super();
    this.port.onmessage = (event: MessageEvent<ToAudio>) => this.told(event.data);
  }

  private tell(message: FromAudio, transfer: Transferable[] = []): void {
    this.port.postMessage(message, transfer);
  }

  private told(message: ToAudio): void {
    if (message.type === "audio") {
      const samples = this.up.push(fromPcm(new Int16Array(message.pcm)));
      this.queue.push({ samples, mark: null });
      this.queued += samples.length;
      this.flushing = false;
    } else if (message.type === "mark") {
      // Nothing may follow a mark for a while: what is queued before it must not wait for more.
      this.queue.push({ samples: new Float32Array(0), mark: message.name });
      this.flushing = true;
    } else if (message.type === "clear") {
      this.clear();
    } else {
      this.open = false;
    }
  }

  private clear(): void {
    // A short fade instead of a click; marks that were not reached are not answered.
    if (this.playing) {
      const length = Math.round(FADE_SECONDS * sampleRate);
      this.fade = Float32Array.from({ length }, (_, i) => this.last * (1 - i / length));
      this.fadeAt = 0;
    }
    this.queue = [];
    this.offset = this.queued = 0;
    this.playing = this.flushing = false;
    this.up = new Resampler(RATE, sampleRate);
  }

  private hear(input: Float32Array): void {
    for (const value of this.down.push(input)) {
      this.micPeak = Math.max(this.micPeak, Math.abs(value));
      this.frame[this.filled++] = value;
      if (this.filled === FRAME) {
        const pcm = toPcm(this.frame);
        this.tell({ type: "frame", pcm: pcm.buffer as ArrayBuffer }, [pcm.buffer as ArrayBuffer]);
        this.filled = 0;
      }
    }
  }

  private speak(output: Float32Array): void {
    if (!this.playing && (this.queued >= PREBUFFER_SECONDS * sampleRate || (this.flushing && this.queue.length > 0))) {
      this.playing = true;
    }
    let at = 0;
    while (this.fade && at < output.length) {
      output[at++] = this.fade[this.fadeAt++] ?? 0;
      if (this.fadeAt >= this.fade.length) this.fade = null;
    }
    while (this.playing && at < output.length) {
      const piece = this.queue[0];
      if (!piece) {
        this.playing = this.flushing = false;
        break;
      }
      if (piece.mark !== null) {
        this.tell({ type: "mark", name: piece.mark });
        this.queue.shift();
        continue;
      }
      const count = Math.min(output.length - at, piece.samples.length - this.offset);
      output.set(piece.samples.subarray(this.offset, this.offset + count), at);
      at += count;
      this.offset += count;
      this.queued -= count;
      if (this.offset >= piece.samples.length) {
        this.queue.shift();
        this.offset = 0;
      }
    }
    for (const value of output) this.agentPeak = Math.max(this.agentPeak, Math.abs(value));
    this.last = output[output.length - 1] ?? 0;
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const input = inputs[0]?.[0];
    const channels = outputs[0] ?? [];
    const output = channels[0];
    if (input) this.hear(input);
    if (output) {
      this.speak(output);
      for (const other of channels.slice(1)) other.set(output);
    }
    this.sinceLevel += output?.length ?? 128;
    if (this.sinceLevel >= LEVEL_EVERY_SECONDS * sampleRate) {
      this.tell({ type: "levels", mic: this.micPeak, agent: this.agentPeak });
      this.sinceLevel = this.micPeak = this.agentPeak = 0;
    }
    return this.open;
  }
}

registerProcessor("phone", Phone);
