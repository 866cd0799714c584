//! Hand, left or right.
//!
//! Source: `mediapipe/python/solutions/hands.py` of the Python package mediapipe 0.10.21 (Apache-2.0) and
//! `hands_connections.py`; the same as HOLISTIC_SPEC §7.5.

use super::Connection;

/// Names of the 21 points, by index.
pub const HAND_NAMES: [&str; 21] = [
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
];

/// Lines of a hand, as pairs of point indices: palm, thumb, index, middle, ring and little finger.
pub const HAND_CONNECTIONS: [Connection; 21] = [
    [0, 1],
    [0, 5],
    [9, 13],
    [13, 17],
    [5, 9],
    [0, 17],
    [1, 2],
    [2, 3],
    [3, 4],
    [5, 6],
    [6, 7],
    [7, 8],
    [9, 10],
    [10, 11],
    [11, 12],
    [13, 14],
    [14, 15],
    [15, 16],
    [17, 18],
    [18, 19],
    [19, 20],
];
