//! The irises, which only the face of 478 points has: of each the centre, then four points on its rim. Sides are the
//! subject's own.

use super::Connection;

/// The rim of the left iris, whose centre is point 473.
pub const FACE_LEFT_IRIS: [Connection; 4] = [[474, 475], [475, 476], [476, 477], [477, 474]];

/// The rim of the right iris, whose centre is point 468.
pub const FACE_RIGHT_IRIS: [Connection; 4] = [[469, 470], [470, 471], [471, 472], [472, 469]];
