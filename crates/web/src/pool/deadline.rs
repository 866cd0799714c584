//! How long something may be silent.

/// A moment by which something must have been heard. In two halves: a page that was frozen finds its timer overdue at once,
/// and its worker, which was frozen too, then has the other half to answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Deadline {
    span_ms: f64,
    half_ms: f64,
    is_second_half: bool,
}

impl Deadline {
    pub(crate) fn new(span_ms: f64, now_ms: f64) -> Self {
        Self {
            span_ms,
            half_ms: now_ms + span_ms / 2.0,
            is_second_half: false,
        }
    }

    /// When it is to be looked at next.
    pub(crate) fn next_ms(&self) -> f64 {
        self.half_ms
    }

    /// All of its time again.
    pub(crate) fn renew(&mut self, now_ms: f64) {
        *self = Self::new(self.span_ms, now_ms);
    }

    /// Whether it has passed; its second half begins where only the first has.
    pub(crate) fn has_passed(&mut self, now_ms: f64) -> bool {
        if now_ms < self.half_ms || self.is_second_half {
            return now_ms >= self.half_ms;
        }
        self.is_second_half = true;
        self.half_ms = now_ms + self.span_ms / 2.0;
        false
    }

    pub(crate) fn span_ms(&self) -> f64 {
        self.span_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_page_gives_half_of_the_time_once_more() {
        let mut deadline = Deadline::new(10.0, 100.0);
        assert!(!deadline.has_passed(104.9));
        assert_eq!(deadline.next_ms(), 105.0);
        assert!(!deadline.has_passed(9000.0));
        assert!(!deadline.has_passed(9004.0));
        assert!(deadline.has_passed(9005.0));
        deadline.renew(9005.0);
        assert!(!deadline.has_passed(9010.0));
        assert!(deadline.has_passed(9015.0));
    }
}
