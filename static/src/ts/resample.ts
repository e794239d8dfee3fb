// A streaming band-limited resampler (windowed sinc), for one channel. Runs in the audio thread: no allocation per sample.

const ZERO_CROSSINGS = 12;
const STEPS = 256;

function table(cutoff: number): Float32Array {
  // Half of a symmetric kernel, sampled STEPS times per zero crossing; Blackman window.
  const size = ZERO_CROSSINGS * STEPS + 2;
  const half = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const x = i / STEPS;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    const w = Math.min(1, x / ZERO_CROSSINGS);
    const window = 0.42 + 0.5 * Math.cos(Math.PI * w) + 0.08 * Math.cos(2 * Math.PI * w);
    half[i] = sinc * window * cutoff;
  }
  return half;
}

export class Resampler {
  private readonly step: number;
  private readonly cutoff: number;
  private readonly reach: number;
  private readonly kernel: Float32Array;
  private held: Float32Array;
  private position: number;

  constructor(from: number, to: number) {
    this.step = from / to;
    this.cutoff = Math.min(1, to / from) * 0.95;
    this.reach = Math.ceil(ZERO_CROSSINGS / this.cutoff);
    this.kernel = table(this.cutoff);
    this.held = new Float32Array(this.reach);
    this.position = this.reach;
  }

  push(input: Float32Array): Float32Array {
    const samples = new Float32Array(this.held.length + input.length);
    samples.set(this.held);
    samples.set(input, this.held.length);
    const count = Math.max(0, Math.ceil((samples.length - this.reach - this.position) / this.step));
    const output = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      output[i] = this.at(samples, this.position);
      this.position += this.step;
    }
    const keep = Math.max(0, Math.floor(this.position) - this.reach);
    this.held = samples.slice(keep);
    this.position -= keep;
    return output;
  }

  private at(samples: Float32Array, centre: number): number {
    const first = Math.max(0, Math.ceil(centre - this.reach));
    const last = Math.min(samples.length - 1, Math.floor(centre + this.reach));
    let sum = 0;
    for (let i = first; i <= last; i++) {
      const place = Math.abs(i - centre) * this.cutoff * STEPS;
      const index = place | 0;
      const low = this.kernel[index] ?? 0;
      const high = this.kernel[index + 1] ?? 0;
      sum += (samples[i] ?? 0) * (low + (high - low) * (place - index));
    }
    return sum;
  }
}

export function toPcm(samples: Float32Array): Int16Array {
  const pcm = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const value = Math.max(-1, Math.min(1, samples[i] ?? 0));
    pcm[i] = value < 0 ? value * 0x8000 : value * 0x7fff;
  }
  return pcm;
}

export function fromPcm(pcm: Int16Array): Float32Array {
  const samples = new Float32Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) samples[i] = (pcm[i] ?? 0) / 0x8000;
  return samples;
}
