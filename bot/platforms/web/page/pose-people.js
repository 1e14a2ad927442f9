// The people of a pose on its canvas, in pixels: read from OpenPose's JSON, changed, and written as such.

export const POINTS = [
  "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist", "right_hip",
  "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "right_eye", "left_eye", "right_ear", "left_ear",
];
export const LIMBS = [
  [1, 2], [1, 5], [2, 3], [3, 4], [5, 6], [6, 7], [1, 8], [8, 9], [9, 10], [1, 11], [11, 12], [12, 13], [1, 0], [0, 14],
  [14, 16], [0, 15], [15, 17],
];
export const COLOURS = [
  "#ff0000", "#ff5500", "#ffaa00", "#ffff00", "#aaff00", "#55ff00", "#00ff00", "#00ff55", "#00ffaa", "#00ffff", "#00aaff",
  "#0055ff", "#0000ff", "#5500ff", "#aa00ff", "#ff00ff", "#ff00aa", "#ff0055",
];
const OTHER_SIDE = [0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16];
const PARTS = ["body", "left", "right", "face"];
const KEYS = {
  body: "pose_keypoints_2d",
  left: "hand_left_keypoints_2d",
  right: "hand_right_keypoints_2d",
  face: "face_keypoints_2d",
};
// Where a point is put that no file tells of, when somebody wants to see it: beside one that is there.
const STANDING = [
  [0, -0.42], [0, -0.29], [-0.11, -0.29], [-0.14, -0.13], [-0.16, 0.02], [0.11, -0.29], [0.14, -0.13], [0.16, 0.02], [-0.06, 0],
  [-0.07, 0.24], [-0.08, 0.48], [0.06, 0], [0.07, 0.24], [0.08, 0.48], [-0.02, -0.45], [0.02, -0.45], [-0.045, -0.435], [0.045, -0.435],
];
const HEIGHT = 0.9; // of a canvas, for somebody new


export function read(json) {
  const people = json.people.map((one) => {
    const person = {};
    for (const part of PARTS) {
      const row = one[KEYS[part]] ?? [];
      person[part] = [];
      for (let at = 0; at < row.length; at += 3) person[part].push({ x: row[at], y: row[at + 1], seen: row[at + 2] > 0 });
    }
    placeUnseen(person.body, json.canvas_width, json.canvas_height);
    return person;
  });
  return { people, width: json.canvas_width, height: json.canvas_height };
}

export function written(pose) {
  const people = pose.people.map((person) => {
    const one = {};
    for (const part of PARTS) one[KEYS[part]] = person[part].flatMap(({ x, y, seen }) => (seen ? [x || 0.001, y || 0.001, 1] : [0, 0, 0]));
    return one;
  });
  return { people, canvas_width: pose.width, canvas_height: pose.height };
}

// Points that are not seen get a place of their own, so that they can be taken and shown.
function placeUnseen(body, width, height) {
  const seen = body.filter((one) => one.seen);
  const middle = seen.length ? { x: mean(seen.map((one) => one.x)), y: mean(seen.map((one) => one.y)) } : { x: width / 2, y: height / 2 };
  const spots = body.map((one, at) => (one.seen ? STANDING[at] : null)).filter(Boolean);
  const own = spots.length ? [mean(spots.map((one) => one[0])), mean(spots.map((one) => one[1]))] : [0, 0];
  const size = Math.min(width * 1.5, height) * HEIGHT;
  body.forEach((one, at) => {
    if (one.seen) return;
    one.x = clamp(middle.x + (STANDING[at][0] - own[0]) * size, 4, width - 4);
    one.y = clamp(middle.y + (STANDING[at][1] - own[1]) * size, 4, height - 4);
  });
}

const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

export function newPerson(pose) {
  const size = Math.min(pose.height, pose.width * 1.5) * HEIGHT;
  const across = [0.5, 0.25, 0.75, 0.38, 0.62][pose.people.length % 5] * pose.width;
  const body = STANDING.map(([x, y]) => ({ x: across + x * size, y: pose.height / 2 + y * size, seen: true }));
  return { body, left: [], right: [], face: [] };
}

export const empty = (width = 512, height = 768) => ({ people: [], width, height });

export function each(person, change) {
  for (const part of PARTS) for (const one of person[part]) [one.x, one.y] = change(one.x, one.y);
}

// A wrist takes its hand along, the nose the face.
export function moveJoint(person, at, across, down) {
  const along = { 4: person.right, 7: person.left, 0: person.face }[at] ?? [];
  for (const one of [person.body[at], ...along]) {
    one.x += across;
    one.y += down;
  }
}

export function mirror(person) {
  const spots = person.body.filter((one) => one.seen).map((one) => one.x);
  const twice = spots.length ? Math.min(...spots) + Math.max(...spots) : 0;
  person.body = OTHER_SIDE.map((at) => person.body[at]);
  [person.left, person.right] = [person.right, person.left];
  each(person, (x, y) => [twice - x, y]);
}

export function scale(person, factor) {
  const seen = person.body.filter((one) => one.seen);
  if (!seen.length) return;
  const middle = { x: mean(seen.map((one) => one.x)), y: mean(seen.map((one) => one.y)) };
  each(person, (x, y) => [middle.x + (x - middle.x) * factor, middle.y + (y - middle.y) * factor]);
}

// The same people on a canvas of another shape, as large as goes, in the middle.
export function reshape(pose, width, height) {
  const factor = Math.min(width / pose.width, height / pose.height);
  const left = (width - pose.width * factor) / 2;
  const top = (height - pose.height * factor) / 2;
  for (const person of pose.people) each(person, (x, y) => [left + x * factor, top + y * factor]);
  pose.width = width;
  pose.height = height;
}
