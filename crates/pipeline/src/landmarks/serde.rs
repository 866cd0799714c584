//! Points in JSON are an array of arrays, in a binary format one byte string.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{FaceLandmarks, Landmarks};

/// Points of `D` values each.
trait Points<const D: usize>: Sized {
    /// How many there may be, in words.
    fn counts(f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn from_flat(values: &[f32]) -> Option<Self>;
}

impl<const N: usize, const D: usize> Points<D> for Landmarks<N, D> {
    fn counts(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{N}")
    }

    fn from_flat(values: &[f32]) -> Option<Self> {
        Self::from_flat(values)
    }
}

impl Points<3> for FaceLandmarks {
    fn counts(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("468 or 478")
    }

    fn from_flat(values: &[f32]) -> Option<Self> {
        Self::from_flat(values)
    }
}

impl<const N: usize, const D: usize> Serialize for Landmarks<N, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self[..], serializer)
    }
}

impl<'de, const N: usize, const D: usize> Deserialize<'de> for Landmarks<N, D> {
    fn deserialize<T: Deserializer<'de>>(deserializer: T) -> Result<Self, T::Error> {
        deserialize::<Self, D, T>(deserializer)
    }
}

impl Serialize for FaceLandmarks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for FaceLandmarks {
    fn deserialize<T: Deserializer<'de>>(deserializer: T) -> Result<Self, T::Error> {
        deserialize::<Self, 3, T>(deserializer)
    }
}

fn serialize<S: Serializer, const D: usize>(
    points: &[[f32; D]],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        return serializer.collect_seq(points.iter().map(|point| point.as_slice()));
    }
    let values = points.as_flattened().iter();
    let bytes: Vec<u8> = values.flat_map(|v| v.to_le_bytes()).collect();
    serializer.serialize_bytes(&bytes)
}

fn deserialize<'de, P: Points<D>, const D: usize, T: Deserializer<'de>>(
    deserializer: T,
) -> Result<P, T::Error> {
    if deserializer.is_human_readable() {
        deserializer.deserialize_seq(PointsVisitor(PhantomData))
    } else {
        deserializer.deserialize_bytes(BytesVisitor(PhantomData))
    }
}

struct BytesVisitor<P, const D: usize>(PhantomData<P>);

impl<P: Points<D>, const D: usize> Visitor<'_> for BytesVisitor<P, D> {
    type Value = P;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        P::counts(f)?;
        write!(f, " times {} bytes", D * 4)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<P, E> {
        let (values, rest) = bytes.as_chunks::<4>();
        let values: Vec<f32> = values.iter().map(|v| f32::from_le_bytes(*v)).collect();
        match P::from_flat(&values) {
            Some(points) if rest.is_empty() => Ok(points),
            _ => Err(E::invalid_length(bytes.len(), &self)),
        }
    }
}

struct PointsVisitor<P, const D: usize>(PhantomData<P>);

impl<'de, P: Points<D>, const D: usize> Visitor<'de> for PointsVisitor<P, D> {
    type Value = P;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        P::counts(f)?;
        write!(f, " points of {D} numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut points: A) -> Result<P, A::Error> {
        let mut values = Vec::new();
        let mut count = 0;
        while let Some(point) = points.next_element::<Vec<f32>>()? {
            if point.len() != D {
                return Err(de::Error::invalid_length(point.len(), &self));
            }
            values.extend(point);
            count += 1;
        }
        P::from_flat(&values).ok_or_else(|| de::Error::invalid_length(count, &self))
    }
}
