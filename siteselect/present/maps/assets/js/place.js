// Boxes that must not overlap: [left, top, right, bottom] in pixels of the map.

const CELL = 64;

export function overlap(a, b) {
  return a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];
}

export function boxAbout(x, y, halfWidth, halfHeight) {
  return [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight];
}

/** How far apart two boxes are; 0 if they touch. */
export function apartness(a, b) {
  return Math.hypot(Math.max(0, a[0] - b[2], b[0] - a[2]), Math.max(0, a[1] - b[3], b[1] - a[3]));
}

/** Numbers of the squares that a box touches. */
function squares(box) {
  const found = [];
  for (let u = Math.floor(box[0] / CELL); u <= Math.floor(box[2] / CELL); u += 1) {
    for (let v = Math.floor(box[1] / CELL); v <= Math.floor(box[3] / CELL); v += 1) found.push(u * 4096 + v);
  }
  return found;
}

/** A board that remembers what is taken, on itself and on the board it lies on. */
export function makeBoard(width, height, below = null) {
  const taken = new Map();
  const inside = (box) => box[0] >= 2 && box[1] >= 2 && box[2] <= width - 2 && box[3] <= height - 2;
  const clear = (box) => !squares(box).some((square) => taken.get(square)?.some((other) => overlap(box, other)));
  return {
    inside, clear,
    take: (box) => squares(box).forEach((square) => {
      const there = taken.get(square);
      if (there) there.push(box);
      else taken.set(square, [box]);
    }),
    free: (box) => inside(box) && clear(box) && (!below || below.clear(box)),
  };
}

const ANGLES = [135, 225, 180, 90, 45, 270, 0, 315].map((a) => (a * Math.PI) / 180);
const DISTANCES = [0, 18, 28, 40, 54, 70, 90, 112, 136, 162];

/** The nearest free place for a mark about its true point: free of every box, else of `hard` only. */
export function placeMark(boards, x, y, radius) {
  for (const board of boards) {
    for (const distance of DISTANCES) {
      for (const angle of distance ? ANGLES : [0]) {
        const at = [x + Math.cos(angle) * distance, y + Math.sin(angle) * distance];
        const box = boxAbout(at[0], at[1], radius * 1.2, radius * 1.2);
        if (board.free(box)) return { at, box, moved: distance > 0 };
      }
    }
  }
  return null;
}

const SIDES = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -0.8], [-1, -0.8], [1, 0.8], [-1, 0.8],
  [0.55, 1], [-0.55, 1], [0.55, -1], [-0.55, -1], [0.8, 0.5], [-0.8, 0.5], [0.8, -0.5], [-0.8, -0.5]];

/** A free box for a label of a given size beside a mark, or null; `suits` may refuse more. */
export function placeLabel(board, x, y, size, offset, suits = () => true) {
  const [width, height] = size;
  for (const reach of [offset, offset + 9]) {
    for (const [sx, sy] of SIDES) {
      const cx = x + sx * (reach + width / 2), cy = y + sy * (Math.abs(sx) === 1 ? reach * 0.9 : reach + height / 2);
      const box = boxAbout(cx, cy, width / 2 + 1, height / 2);
      if (board.free(box) && suits(box)) return { at: [cx, cy], box };
    }
  }
  return null;
}
