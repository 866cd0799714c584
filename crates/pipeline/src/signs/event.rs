//! What is told of signs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most candidates of a sign.
pub const MAX_CANDIDATES: usize = 5;

/// Something that is told. `L` is a label, of JSON if nothing else is said. In JSON: `{"type":"sign","label":…,"confidence":c,"start_us":t,"end_us":t,"top":[…]}` or
/// `{"type":"idle"}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum SignEvent<L = Value> {
    /// A sign was recognised.
    Sign(Sign<L>),
    /// Nothing has moved for as many frames as the manifest says. Told once, until something moves.
    Idle,
}

/// A sign that was recognised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sign<L = Value> {
    /// As the manifest has it, or as it was taught.
    pub label: L,
    /// Of the answer that decided, 0..=1.
    pub confidence: f32,
    /// Capture time of the first frame of the window that decided, in microseconds.
    pub start_us: i64,
    /// Capture time of its last frame in microseconds.
    pub end_us: i64,
    /// The best answers for that window, [`MAX_CANDIDATES`] at most, this sign first.
    pub top: Vec<Candidate<L>>,
}

/// A label and how sure the classifier is of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate<L = Value> {
    /// As the manifest has it, or as it was taught.
    pub label: L,
    /// 0..=1.
    pub confidence: f32,
}

impl<L> Sign<L> {
    /// The same with other labels.
    pub fn with_labels<M>(self, of: impl Fn(L) -> M) -> Sign<M> {
        let candidate = |it: Candidate<L>| Candidate {
            label: of(it.label),
            confidence: it.confidence,
        };
        Sign {
            label: of(self.label),
            confidence: self.confidence,
            start_us: self.start_us,
            end_us: self.end_us,
            top: self.top.into_iter().map(candidate).collect(),
        }
    }
}

impl Sign {
    /// The sign of the best confidence. `None` where there is no label.
    pub(super) fn of(
        labels: &[Value],
        confidences: &[f32],
        [start_us, end_us]: [i64; 2],
    ) -> Option<Self> {
        let mut order: Vec<usize> = (0..labels.len().min(confidences.len())).collect();
        let count = order.len().min(MAX_CANDIDATES);
        // Of equals the first one comes first, as in the vote.
        let by_confidence =
            |a: &usize, b: &usize| confidences[*b].total_cmp(&confidences[*a]).then(a.cmp(b));
        if count < order.len() {
            order.select_nth_unstable_by(count, by_confidence);
            order.truncate(count);
        }
        order.sort_by(by_confidence);
        let top: Vec<Candidate> = order
            .into_iter()
            .map(|index| Candidate {
                label: labels[index].clone(),
                confidence: confidences[index],
            })
            .collect();
        let best = top.first()?.clone();
        Some(Self {
            label: best.label,
            confidence: best.confidence,
            start_us,
            end_us,
            top,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_best_five_come_first_to_last_and_of_equals_the_first() {
        let labels: Vec<Value> = (0..8).map(|label| json!({ "gloss": label })).collect();
        let confidences = [0.1, 0.3, 0.0, 0.3, 0.05, 0.2, 0.01, 0.04];
        let sign = Sign::of(&labels, &confidences, [10, 20]).unwrap();
        let order: Vec<&Value> = sign.top.iter().map(|it| &it.label["gloss"]).collect();
        assert_eq!(order, [1, 3, 5, 0, 4]);
        assert_eq!((&sign.label, sign.confidence), (&labels[1], 0.3));
        assert_eq!(Sign::of(&[], &[], [0, 0]), None);
    }

    #[test]
    fn events_in_json_say_their_type_and_read_back() {
        let labels = [json!("hello"), json!("bye")];
        let sign = Sign::of(&labels, &[0.9, 0.1], [-5, 20]).unwrap();
        let text = serde_json::to_string(&SignEvent::Sign(sign.clone())).unwrap();
        let expected = concat!(
            r#"{"type":"sign","label":"hello","confidence":0.9,"start_us":-5,"end_us":20,"#,
            r#""top":[{"label":"hello","confidence":0.9},{"label":"bye","confidence":0.1}]}"#
        );
        assert_eq!(text, expected);
        assert_eq!(
            serde_json::from_str::<SignEvent>(&text).unwrap(),
            SignEvent::Sign(sign)
        );
        assert_eq!(
            serde_json::to_string(&SignEvent::<Value>::Idle).unwrap(),
            r#"{"type":"idle"}"#
        );
    }
}
