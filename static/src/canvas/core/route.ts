// How a line finds its way: a plain curve where nothing stands between, else along a free lane above or below the cards.

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The lane at `y`, which the line follows from `x1` to `x2`. */
export interface Lane {
  y: number;
  x1: number;
  x2: number;
}

const CLEAR = 14;
const BEND = 44;

/** A lane from one handle to another among the cards; null where the plain curve meets none. */
export function laneBetween(from: { x: number; y: number }, to: { x: number; y: number }, boxes: readonly Box[]): Lane | null {
  const back = to.x < from.x + 24;
  const [left, right] = back ? [to.x - 8, from.x + 8] : [from.x + 8, to.x - 8];
  const between = boxes.filter((box) => box.x < right && box.x + box.width > left);
  const met = back ? between : between.filter((box) => box.x > left && box.x + box.width < right && meets(box, from, to));
  if (!met.length) return null;
  const x1 = back ? from.x : Math.max(from.x + 4, Math.min(...met.map((box) => box.x)) - BEND);
  const x2 = back ? to.x : Math.min(to.x - 4, Math.max(...met.map((box) => box.x + box.width)) + BEND);
  const inWay = between.filter((box) => back || (box.x + box.width > x1 && box.x < x2));
  const tried = inWay.flatMap((box) => [box.y - CLEAR, box.y + box.height + CLEAR]);
  const free = tried.filter((y) => inWay.every((box) => y <= box.y - CLEAR + 1 || y >= box.y + box.height + CLEAR - 1));
  if (!free.length) return null;
  const cost = (y: number) => Math.abs(y - from.y) + Math.abs(y - to.y);
  const y = free.reduce((best, one) => (cost(one) < cost(best) ? one : best));
  return { y, x1, x2 };
}

/** Whether the plain curve goes through the card. The curve is level at both ends and steep in the middle. */
function meets(box: Box, from: { x: number; y: number }, to: { x: number; y: number }): boolean {
  for (const x of [box.x, box.x + box.width / 2, box.x + box.width]) {
    const t = (x - from.x) / (to.x - from.x);
    const y = from.y + (to.y - from.y) * t * t * (3 - 2 * t);
    if (y > box.y - 4 && y < box.y + box.height + 4) return true;
  }
  return false;
}

export function pathAlong(lane: Lane, from: { x: number; y: number }, to: { x: number; y: number }): string {
  const { y, x1, x2 } = lane;
  const back = x2 < x1;
  if (back) {
    return `M${from.x},${from.y} C${from.x + BEND},${from.y} ${from.x + BEND},${y} ${x1},${y} L${x2},${y} C${to.x - BEND},${y} ${to.x - BEND},${to.y} ${to.x},${to.y}`;
  }
  const begin = (x1 - from.x) / 2;
  const end = (to.x - x2) / 2;
  return `M${from.x},${from.y} C${from.x + begin},${from.y} ${x1 - begin},${y} ${x1},${y} L${x2},${y} C${x2 + end},${y} ${to.x - end},${to.y} ${to.x},${to.y}`;
}
