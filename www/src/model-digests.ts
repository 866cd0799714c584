import type { ModelName } from "./assets.js";

/** SHA-256 of each model file of this version, held equal to the files' own list by a test. */
export const MODEL_SHA256: Readonly<Record<ModelName, string>> = {
  face_detection_short_range:
    "47e389f16f3df36978412063471d46f2c0997930d98b332939c7d6d74b27cf49",
  face_landmark:
    "9c04f931ffd0f01ff1232df01cfe20b178105360b8720bd4b9fd1afb892483d1",
  hand_landmark_full:
    "b3852c035d48c45042c7a53c74d0649b0bdf6487acfd0d4c536d6095760d5c5a",
  hand_landmark_lite:
    "57e52fec077b0acbc974ee39ced4e5b420299947cee2561ac05e187a4e8ae6dc",
  hand_recrop:
    "8cdf80a22163dbebe948eb5d90424bf27641c50c655e30ae861f255d262b0219",
  pose_detection:
    "6e511719ff1953d71f34b0e16b31efeda79b1642cc4ce4b92c3a4ef16f31d7d8",
  pose_landmark_full:
    "9681d09bec2bc00b0eeebd590d0cb502aad4fb6c59559d46eb1062ba4b505016",
  pose_landmark_lite:
    "ec551005de1c6ff6b1795b3b47d2ffa2248c2945072ea43e5b2fd195d986ebaf",
};
