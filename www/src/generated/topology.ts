// Made of crates/web by `cargo test -p live-keypoints-web generated`; change it there.
// Names of the landmarks and the lines between them: facts of MediaPipe's models.

/** A line from one landmark to another, by index. */
export type Connection = readonly [from: number, to: number];

/** Names of the 33 landmarks of the body, in order. */
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

/** Name of a body landmark. */
export type PoseLandmarkName = (typeof POSE_LANDMARK_NAMES)[number];

/** Index of each body landmark: `POSE_LANDMARK.right_foot_index` is 32. */
export const POSE_LANDMARK: Readonly<Record<PoseLandmarkName, number>> = {
  nose: 0,
  left_eye_inner: 1,
  left_eye: 2,
  left_eye_outer: 3,
  right_eye_inner: 4,
  right_eye: 5,
  right_eye_outer: 6,
  left_ear: 7,
  right_ear: 8,
  mouth_left: 9,
  mouth_right: 10,
  left_shoulder: 11,
  right_shoulder: 12,
  left_elbow: 13,
  right_elbow: 14,
  left_wrist: 15,
  right_wrist: 16,
  left_pinky: 17,
  right_pinky: 18,
  left_index: 19,
  right_index: 20,
  left_thumb: 21,
  right_thumb: 22,
  left_hip: 23,
  right_hip: 24,
  left_knee: 25,
  right_knee: 26,
  left_ankle: 27,
  right_ankle: 28,
  left_heel: 29,
  right_heel: 30,
  left_foot_index: 31,
  right_foot_index: 32,
};

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

/** Name of a hand landmark. */
export type HandLandmarkName = (typeof HAND_LANDMARK_NAMES)[number];

/** Index of each hand landmark: `HAND_LANDMARK.pinky_tip` is 20. */
export const HAND_LANDMARK: Readonly<Record<HandLandmarkName, number>> = {
  wrist: 0,
  thumb_cmc: 1,
  thumb_mcp: 2,
  thumb_ip: 3,
  thumb_tip: 4,
  index_finger_mcp: 5,
  index_finger_pip: 6,
  index_finger_dip: 7,
  index_finger_tip: 8,
  middle_finger_mcp: 9,
  middle_finger_pip: 10,
  middle_finger_dip: 11,
  middle_finger_tip: 12,
  ring_finger_mcp: 13,
  ring_finger_pip: 14,
  ring_finger_dip: 15,
  ring_finger_tip: 16,
  pinky_mcp: 17,
  pinky_pip: 18,
  pinky_dip: 19,
  pinky_tip: 20,
};

/** Points of the face mesh; they have no names. */
export const FACE_LANDMARK_COUNT = 468;

/** Points of the face mesh with the irises: 468 to 472 the right one, 473 to 477 the left one, each with its centre first. */
export const FACE_LANDMARK_COUNT_WITH_IRISES = 478;

/** Names of the expressions that `blendshapes` tells, in order. Sides are the subject's own; the first means nothing. */
export const BLENDSHAPE_NAMES = [
  "_neutral",
  "browDownLeft",
  "browDownRight",
  "browInnerUp",
  "browOuterUpLeft",
  "browOuterUpRight",
  "cheekPuff",
  "cheekSquintLeft",
  "cheekSquintRight",
  "eyeBlinkLeft",
  "eyeBlinkRight",
  "eyeLookDownLeft",
  "eyeLookDownRight",
  "eyeLookInLeft",
  "eyeLookInRight",
  "eyeLookOutLeft",
  "eyeLookOutRight",
  "eyeLookUpLeft",
  "eyeLookUpRight",
  "eyeSquintLeft",
  "eyeSquintRight",
  "eyeWideLeft",
  "eyeWideRight",
  "jawForward",
  "jawLeft",
  "jawOpen",
  "jawRight",
  "mouthClose",
  "mouthDimpleLeft",
  "mouthDimpleRight",
  "mouthFrownLeft",
  "mouthFrownRight",
  "mouthFunnel",
  "mouthLeft",
  "mouthLowerDownLeft",
  "mouthLowerDownRight",
  "mouthPressLeft",
  "mouthPressRight",
  "mouthPucker",
  "mouthRight",
  "mouthRollLower",
  "mouthRollUpper",
  "mouthShrugLower",
  "mouthShrugUpper",
  "mouthSmileLeft",
  "mouthSmileRight",
  "mouthStretchLeft",
  "mouthStretchRight",
  "mouthUpperUpLeft",
  "mouthUpperUpRight",
  "noseSneerLeft",
  "noseSneerRight",
] as const;

/** Name of an expression. */
export type BlendshapeName = (typeof BLENDSHAPE_NAMES)[number];

/** The 35 lines of the body. */
export const POSE_CONNECTIONS: readonly Connection[] = [
  [0, 1], [1, 2], [2, 3], [3, 7], [0, 4], [4, 5], [5, 6], [6, 8],
  [9, 10], [11, 12], [11, 13], [13, 15], [15, 17], [15, 19], [15, 21], [17, 19],
  [12, 14], [14, 16], [16, 18], [16, 20], [16, 22], [18, 20], [11, 23], [12, 24],
  [23, 24], [23, 25], [24, 26], [25, 27], [26, 28], [27, 29], [28, 30], [29, 31],
  [30, 32], [27, 31], [28, 32],
];

/** The 21 lines of a hand. */
export const HAND_CONNECTIONS: readonly Connection[] = [
  [0, 1], [0, 5], [9, 13], [13, 17], [5, 9], [0, 17], [1, 2], [2, 3],
  [3, 4], [5, 6], [6, 7], [7, 8], [9, 10], [10, 11], [11, 12], [13, 14],
  [14, 15], [15, 16], [17, 18], [18, 19], [19, 20],
];

/** The 40 lines of the face's lips. */
export const FACE_LIPS: readonly Connection[] = [
  [61, 146], [146, 91], [91, 181], [181, 84], [84, 17], [17, 314], [314, 405], [405, 321],
  [321, 375], [375, 291], [61, 185], [185, 40], [40, 39], [39, 37], [37, 0], [0, 267],
  [267, 269], [269, 270], [270, 409], [409, 291], [78, 95], [95, 88], [88, 178], [178, 87],
  [87, 14], [14, 317], [317, 402], [402, 318], [318, 324], [324, 308], [78, 191], [191, 80],
  [80, 81], [81, 82], [82, 13], [13, 312], [312, 311], [311, 310], [310, 415], [415, 308],
];

/** The 16 lines of the face's left eye. */
export const FACE_LEFT_EYE: readonly Connection[] = [
  [263, 249], [249, 390], [390, 373], [373, 374], [374, 380], [380, 381], [381, 382], [382, 362],
  [263, 466], [466, 388], [388, 387], [387, 386], [386, 385], [385, 384], [384, 398], [398, 362],
];

/** The 8 lines of the face's left eyebrow. */
export const FACE_LEFT_EYEBROW: readonly Connection[] = [
  [276, 283], [283, 282], [282, 295], [295, 285], [300, 293], [293, 334], [334, 296], [296, 336],
];

/** The 16 lines of the face's right eye. */
export const FACE_RIGHT_EYE: readonly Connection[] = [
  [33, 7], [7, 163], [163, 144], [144, 145], [145, 153], [153, 154], [154, 155], [155, 133],
  [33, 246], [246, 161], [161, 160], [160, 159], [159, 158], [158, 157], [157, 173], [173, 133],
];

/** The 8 lines of the face's right eyebrow. */
export const FACE_RIGHT_EYEBROW: readonly Connection[] = [
  [46, 53], [53, 52], [52, 65], [65, 55], [70, 63], [63, 105], [105, 66], [66, 107],
];

/** The 36 lines of the face's oval. */
export const FACE_OVAL: readonly Connection[] = [
  [10, 338], [338, 297], [297, 332], [332, 284], [284, 251], [251, 389], [389, 356], [356, 454],
  [454, 323], [323, 361], [361, 288], [288, 397], [397, 365], [365, 379], [379, 378], [378, 400],
  [400, 377], [377, 152], [152, 148], [148, 176], [176, 149], [149, 150], [150, 136], [136, 172],
  [172, 58], [58, 132], [132, 93], [93, 234], [234, 127], [127, 162], [162, 21], [21, 54],
  [54, 103], [103, 67], [67, 109], [109, 10],
];

/** The 4 lines around the left iris. */
export const FACE_LEFT_IRIS: readonly Connection[] = [
  [474, 475], [475, 476], [476, 477], [477, 474],
];

/** The 4 lines around the right iris. */
export const FACE_RIGHT_IRIS: readonly Connection[] = [
  [469, 470], [470, 471], [471, 472], [472, 469],
];

/** The lines around both irises, of a face of 478 points. */
export const FACE_IRISES: readonly Connection[] = [
  ...FACE_LEFT_IRIS,
  ...FACE_RIGHT_IRIS,
];

/** All lines of the face: lips, eyes, eyebrows, outline. */
export const FACE_CONTOURS: readonly Connection[] = [
  ...FACE_LIPS,
  ...FACE_LEFT_EYE,
  ...FACE_LEFT_EYEBROW,
  ...FACE_RIGHT_EYE,
  ...FACE_RIGHT_EYEBROW,
  ...FACE_OVAL,
];
