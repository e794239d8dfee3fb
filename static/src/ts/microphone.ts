// Microphone and loudspeaker as one worklet node; failures in words.
import type { FromAudio, ToAudio } from "./phone-messages";

export class Unavailable extends Error {}

function sentence(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError")
    return "The browser may not use the microphone. Allow it beside the address of this page, then try again.";
  if (name === "NotFoundError" || name === "OverconstrainedError")
    return "No microphone was found. Plug one in or choose one in the system’s sound settings, then try again.";
  if (name === "NotReadableError" || name === "AbortError")
    return "The microphone is in use by another program. Close that program, then try again.";
  return "The browser could not open the microphone. Reload the page and try again.";
}

export class Microphone {
  private constructor(
    private readonly context: AudioContext,
    private readonly stream: MediaStream,
    private readonly node: AudioWorkletNode,
  ) {}

  static async open(worklet: string, heard: (message: FromAudio) => void): Promise<Microphone> {
    if (!window.isSecureContext || !navigator.mediaDevices)
      throw new Unavailable("Browsers give the microphone only to pages opened over https or on this machine’s localhost.");
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
    } catch (error) {
      throw new Unavailable(sentence(error));
    }
    try {
      const context = new AudioContext({ latencyHint: "interactive" });
      await context.audioWorklet.addModule(worklet);
      const node = new AudioWorkletNode(context, "phone", { numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1] });
      node.port.onmessage = (event: MessageEvent<FromAudio>) => heard(event.data);
      context.createMediaStreamSource(stream).connect(node).connect(context.destination);
      await context.resume();
      return new Microphone(context, stream, node);
    } catch (error) {
      for (const track of stream.getTracks()) track.stop();
      throw new Unavailable(sentence(error));
    }
  }

  tell(message: ToAudio, transfer: Transferable[] = []): void {
    this.node.port.postMessage(message, transfer);
  }

  set muted(muted: boolean) {
    for (const track of this.stream.getAudioTracks()) track.enabled = !muted;
  }

  onUnplugged(act: () => void): void {
    for (const track of this.stream.getAudioTracks()) track.onended = act;
  }

  async close(): Promise<void> {
    for (const track of this.stream.getTracks()) {
      track.onended = null;
      track.stop();
    }
    this.tell({ type: "close" });
    if (this.context.state !== "closed") await this.context.close();
  }
}
