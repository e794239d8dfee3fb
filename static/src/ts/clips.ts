// “Add a clip”: records what is said into the microphone and puts it, as a WAV, where a chosen file would be.
//
//   [data-recorder][data-worklet]   inside the form; [data-record] begins and stops, [data-recorded] says how it stands,
//                                   audio[data-take] plays it; the file input of the same form gets the take
import { all, clock, find, on } from "./dom";
import { Microphone, Unavailable } from "./microphone";

const RATE = 16_000;
const MOST_SECONDS = 60;

class Recorder {
  private microphone: Microphone | null = null;
  private frames: Int16Array[] = [];
  private samples = 0;
  private opening = false;

  constructor(private readonly place: HTMLElement) {}

  async press(): Promise<void> {
    if (this.microphone) await this.stop();
    else await this.start();
  }

  private async start(): Promise<void> {
    if (this.opening) return;
    this.opening = true;
    this.frames = [];
    this.samples = 0;
    try {
      this.microphone = await Microphone.open(this.place.dataset.worklet ?? "", (message) => {
        if (message.type === "frame") this.hear(new Int16Array(message.pcm));
      });
      this.microphone.onUnplugged(() => void this.stop());
      this.show(true);
    } catch (error) {
      this.say(error instanceof Unavailable ? error.message : "The microphone could not be opened.");
    } finally {
      this.opening = false;
    }
  }

  private hear(pcm: Int16Array): void {
    if (!this.microphone) return;
    if (!this.place.isConnected || this.place.closest("dialog")?.open === false) {
      void this.drop();
      return;
    }
    this.frames.push(pcm);
    this.samples += pcm.length;
    this.say(clock(this.samples / RATE));
    if (this.samples >= MOST_SECONDS * RATE) void this.stop();
  }

  async drop(): Promise<void> {
    const microphone = this.microphone;
    this.microphone = null;
    await microphone?.close();
  }

  private async stop(): Promise<void> {
    await this.drop();
    this.show(false);
    if (!this.samples) return;
    const file = new File([wav(this.frames, this.samples)], "recorded.wav", { type: "audio/wav" });
    const input = find<HTMLInputElement>("input[type=file]", this.place.closest("form") ?? document);
    if (input) {
      const held = new DataTransfer();
      held.items.add(file);
      input.files = held.files;
    }
    const take = find<HTMLAudioElement>("[data-take]", this.place);
    if (take) {
      if (take.src) URL.revokeObjectURL(take.src);
      take.src = URL.createObjectURL(file);
      take.hidden = false;
    }
    this.say(`Recorded ${clock(this.samples / RATE)}. Press to record it again.`);
  }

  private show(recording: boolean): void {
    find("[data-record]", this.place)?.setAttribute("aria-pressed", String(recording));
    for (const face of all("[data-when]", this.place)) face.hidden = (face.dataset.when === "recording") !== recording;
  }

  private say(text: string): void {
    find("[data-recorded]", this.place)?.replaceChildren(text);
  }
}

function wav(frames: Int16Array[], samples: number): Blob {
  const head = new DataView(new ArrayBuffer(44));
  const text = (at: number, value: string) => [...value].forEach((c, i) => head.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  head.setUint32(4, 36 + samples * 2, true);
  text(8, "WAVEfmt ");
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, 1, true);
  head.setUint32(24, RATE, true);
  head.setUint32(28, RATE * 2, true);
  head.setUint16(32, 2, true);
  head.setUint16(34, 16, true);
  text(36, "data");
  head.setUint32(40, samples * 2, true);
  return new Blob([head, ...(frames as BlobPart[])], { type: "audio/wav" });
}

const recorders = new WeakMap<HTMLElement, Recorder>();

on("click", "[data-record]", (button) => {
  const place = button.closest<HTMLElement>("[data-recorder]");
  if (!place) return;
  const recorder = recorders.get(place) ?? new Recorder(place);
  recorders.set(place, recorder);
  void recorder.press();
});
