//! From answers that flicker to a sign that is told once.

use std::collections::VecDeque;

use super::manifest::Acceptance;

/// Looks at the last answers of a classifier and says when a sign is told.
///
/// An answer counts for its best label if that has the least confidence, else for none. A sign is told with the answer that
/// makes enough of the last ones count for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Vote {
    rule: Acceptance,
    /// What the last answers count for, the newest at the end.
    history: VecDeque<Option<usize>>,
    /// The sign that was told last, until it may be told again.
    told: Option<usize>,
    /// Answers in a row that count for none.
    none_in_a_row: usize,
}

impl Vote {
    /// Without any answer.
    #[must_use]
    pub fn new(rule: Acceptance) -> Self {
        Self {
            rule,
            history: VecDeque::new(),
            told: None,
            none_in_a_row: 0,
        }
    }

    /// Takes an answer: a confidence, 0..=1, for each label. Returns the label that is told now, by its index.
    pub fn push(&mut self, confidences: &[f32]) -> Option<usize> {
        let counts_for = best(confidences)
            .filter(|(_, confidence)| *confidence >= self.rule.confidence)
            .map(|(label, _)| label);
        if self.history.len() >= self.rule.history {
            self.history.pop_front();
        }
        self.history.push_back(counts_for);
        let Some(label) = counts_for else {
            self.none_in_a_row += 1;
            if self.rule.release > 0 && self.none_in_a_row >= self.rule.release {
                self.told = None;
            }
            return None;
        };
        self.none_in_a_row = 0;
        let agreeing = self
            .history
            .iter()
            .filter(|other| **other == counts_for)
            .count();
        if agreeing < self.rule.agreement {
            return None;
        }
        match self.rule.repeat {
            // As many answers again before it is told again.
            true => self.history.clear(),
            false if self.told == counts_for => return None,
            false => self.told = counts_for,
        }
        Some(label)
    }

    /// Forgets all answers and what was told.
    pub fn clear(&mut self) {
        self.history.clear();
        self.told = None;
        self.none_in_a_row = 0;
    }
}

/// The greatest confidence and where it is; of equals the first.
fn best(confidences: &[f32]) -> Option<(usize, f32)> {
    let pairs = confidences.iter().copied().enumerate();
    pairs.reduce(|best, other| if other.1 > best.1 { other } else { best })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(history: usize, agreement: usize) -> Acceptance {
        Acceptance {
            history,
            agreement,
            ..Acceptance::default()
        }
    }

    /// What is told for answers that are sure of this label, or of none.
    fn told(rule: Acceptance, answers: &[Option<usize>]) -> Vec<Option<usize>> {
        let mut vote = Vote::new(rule);
        let confidences = |answer: Option<usize>| -> [f32; 3] {
            std::array::from_fn(|label| if answer == Some(label) { 0.9 } else { 0.05 })
        };
        answers
            .iter()
            .map(|answer| vote.push(&confidences(*answer)))
            .collect()
    }

    const A: Option<usize> = Some(0);
    const B: Option<usize> = Some(1);

    #[test]
    fn three_of_five_answers_tell_a_sign_once() {
        let answers = [A, None, A, None, A, A, A, None, None, None, A, A, A];
        let mut expected = [None; 13];
        expected[4] = A;
        assert_eq!(told(rule(5, 3), &answers), expected);
        // The first of them is out of sight by then.
        assert_eq!(told(rule(4, 3), &[A, None, A, None, A]), [None; 5]);
    }

    #[test]
    fn another_sign_lets_the_first_be_told_again() {
        let answers = [A, A, B, B, A, A, A];
        let expected = [None, A, None, B, None, A, None];
        assert_eq!(told(rule(2, 2), &answers), expected);
    }

    #[test]
    fn a_sign_is_repeated_where_the_rule_says_so_after_as_many_answers() {
        let repeating = Acceptance {
            repeat: true,
            ..rule(3, 2)
        };
        let expected = [None, A, None, A, None];
        assert_eq!(told(repeating, &[A; 5]), expected);
    }

    #[test]
    fn answers_that_count_for_nothing_release_the_last_sign() {
        let releasing = Acceptance {
            release: 2,
            ..rule(1, 1)
        };
        let answers = [A, None, A, None, None, A];
        assert_eq!(told(releasing, &answers), [A, None, None, None, None, A]);
    }

    #[test]
    fn an_answer_counts_from_the_least_confidence_on_and_of_equals_for_the_first() {
        let mut vote = Vote::new(rule(1, 1));
        assert_eq!(vote.push(&[0.1, 0.799]), None);
        assert_eq!(vote.push(&[0.1, 0.8, 0.8]), Some(1));
        assert_eq!(vote.push(&[]), None);
        vote.clear();
        assert_eq!(vote.push(&[0.1, 0.8]), Some(1));
    }

    proptest! {
        #[test]
        fn whatever_comes_a_told_sign_has_agreement_and_is_not_told_twice_in_a_row(
            answers in prop::collection::vec(prop::option::of(0..3_usize), 0..60),
            history in 1..7_usize,
            agreement in 1..7_usize,
        ) {
            let agreement = agreement.min(history);
            let told = told(rule(history, agreement), &answers);
            for (at, label) in told.iter().enumerate().filter(|(_, label)| label.is_some()) {
                let from = (at + 1).saturating_sub(history);
                let agreeing = answers[from..=at].iter().filter(|other| *other == label).count();
                prop_assert!(agreeing >= agreement);
            }
            let told: Vec<usize> = told.into_iter().flatten().collect();
            prop_assert!(told.windows(2).all(|pair| pair[0] != pair[1]));
        }
    }
}
