/** Names of the landmarks and the lines between them: facts of MediaPipe's models. */

/** A line from one landmark to another, by index. */
export type Connection = readonly [from: number, to: number];

/** Names of the 33 body landmarks, in order. Left and right are the subject's. */
export const POSE_LANDMARK_NAMES = [
  "nose",
  "left_eye_inner",
  "left_eye",
  "left_eye_outer",
  "right_eye_inner",
  "right_eye",
  "right_eye_outer",
  "left_ear",
  "right_ear",
  "mouth_left",
  "mouth_right",
  "left_shoulder",
  "right_shoulder",
  "left_elbow",
  "right_elbow",
  "left_wrist",
  "right_wrist",
  "left_pinky",
  "right_pinky",
  "left_index",
  "right_index",
  "left_thumb",
  "right_thumb",
  "left_hip",
  "right_hip",
  "left_knee",
  "right_knee",
  "left_ankle",
  "right_ankle",
  "left_heel",
  "right_heel",
  "left_foot_index",
  "right_foot_index",
] as const;

/** Names of the 21 landmarks of a hand, in order. */
export const HAND_LANDMARK_NAMES = [
  "wrist",
  "thumb_cmc",
  "thumb_mcp",
  "thumb_ip",
  "thumb_tip",
  "index_finger_mcp",
  "index_finger_pip",
  "index_finger_dip",
  "index_finger_tip",
  "middle_finger_mcp",
  "middle_finger_pip",
  "middle_finger_dip",
  "middle_finger_tip",
  "ring_finger_mcp",
  "ring_finger_pip",
  "ring_finger_dip",
  "ring_finger_tip",
  "pinky_mcp",
  "pinky_pip",
  "pinky_dip",
  "pinky_tip",
] as const;

/** Points of the face mesh; they have no names. */
export const FACE_LANDMARK_COUNT = 468;

/** Name of a body landmark. */
export type PoseLandmarkName = (typeof POSE_LANDMARK_NAMES)[number];
/** Name of a hand landmark. */
export type HandLandmarkName = (typeof HAND_LANDMARK_NAMES)[number];

/** Index of each body landmark: `POSE_LANDMARK.left_wrist` is 15. */
export const POSE_LANDMARK = indexOf(POSE_LANDMARK_NAMES);
/** Index of each hand landmark: `HAND_LANDMARK.index_finger_tip` is 8. */
export const HAND_LANDMARK = indexOf(HAND_LANDMARK_NAMES);

/** The 35 lines of the body. */
export const POSE_CONNECTIONS: readonly Connection[] = [
  ...path(0, 4, 5, 6, 8),
  ...path(0, 1, 2, 3, 7),
  ...path(10, 9),
  ...path(12, 11),
  ...path(12, 14, 16, 18, 20, 16, 22),
  ...path(11, 13, 15, 17, 19, 15, 21),
  ...path(12, 24, 23),
  ...path(11, 23),
  ...path(24, 26, 28, 30, 32, 28),
  ...path(23, 25, 27, 29, 31, 27),
];

/** The 21 lines of a hand. */
export const HAND_CONNECTIONS: readonly Connection[] = [
  ...path(0, 1, 2, 3, 4),
  ...path(0, 5, 6, 7, 8),
  ...path(5, 9, 10, 11, 12),
  ...path(9, 13, 14, 15, 16),
  ...path(13, 17, 18, 19, 20),
  ...path(0, 17),
];

/** Outer and inner edge of the lips. */
export const FACE_LIPS: readonly Connection[] = [
  ...path(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
  ...path(61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
  ...path(78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
  ...path(78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
];

/** Edge of the subject's left eye. */
export const FACE_LEFT_EYE: readonly Connection[] = [
  ...path(263, 249, 390, 373, 374, 380, 381, 382, 362),
  ...path(263, 466, 388, 387, 386, 385, 384, 398, 362),
];

/** Edge of the subject's right eye. */
export const FACE_RIGHT_EYE: readonly Connection[] = [
  ...path(33, 7, 163, 144, 145, 153, 154, 155, 133),
  ...path(33, 246, 161, 160, 159, 158, 157, 173, 133),
];

/** The subject's left eyebrow. */
export const FACE_LEFT_EYEBROW: readonly Connection[] = [
  ...path(276, 283, 282, 295, 285),
  ...path(300, 293, 334, 296, 336),
];

/** The subject's right eyebrow. */
export const FACE_RIGHT_EYEBROW: readonly Connection[] = [
  ...path(46, 53, 52, 65, 55),
  ...path(70, 63, 105, 66, 107),
];

/** Outline of the face. */
export const FACE_OVAL: readonly Connection[] = path(
  ...[
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379,
    378, 400, 377,
  ],
  ...[
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103,
    67, 109, 10,
  ],
);

/** All lines of the face: lips, eyes, eyebrows, outline. */
export const FACE_CONTOURS: readonly Connection[] = [
  ...FACE_LIPS,
  ...FACE_LEFT_EYE,
  ...FACE_LEFT_EYEBROW,
  ...FACE_RIGHT_EYE,
  ...FACE_RIGHT_EYEBROW,
  ...FACE_OVAL,
];

/** The lines from each landmark to the next. */
function path(...landmarks: number[]): Connection[] {
  return landmarks.slice(1).map((to, at) => [landmarks[at]!, to]);
}

function indexOf<Name extends string>(
  names: readonly Name[],
): Readonly<Record<Name, number>> {
  return Object.fromEntries(
    names.map((name, index) => [name, index]),
  ) as Record<Name, number>;
}
