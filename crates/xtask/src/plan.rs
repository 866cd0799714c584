//! A list of named steps: runs them in order, times each and prints a summary table.
//!
//! Knows nothing about what the steps do. A step may need earlier steps by name; it is not run when one of them has
//! not succeeded.

mod summary;

use std::time::Instant;

use anyhow::{Result, bail};

use self::summary::{Outcome, Record, Summary};
use crate::workspace::is_continuous_integration;

/// What a step that did not fail has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    /// The work was done.
    Done,
    /// The work was done; the note is worth a place in the summary.
    Noted(String),
    /// The work could not be done here, for this reason, and that is acceptable.
    Skipped(String),
}

/// Whether steps after a failed one still run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// Later steps build on earlier ones: stop.
    Stop,
    /// Steps are independent unless they say what they need: go on and fail at the end.
    Continue,
}

type Action<'a> = Box<dyn FnOnce() -> Result<Finish> + 'a>;

struct Step<'a> {
    name: &'static str,
    needs: &'static [&'static str],
    usual_seconds: Option<u64>,
    action: Action<'a>,
}

/// Steps in the order they run. A name is added once; adding it again changes nothing, so that commands can share steps.
pub(crate) struct Plan<'a> {
    steps: Vec<Step<'a>>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new() -> Self {
        Self { steps: Vec::new() }
    }

    /// Appends a step that needs no other.
    pub(crate) fn add(&mut self, name: &'static str, action: impl FnOnce() -> Result<Finish> + 'a) {
        self.add_after(&[], name, action);
    }

    /// Appends a step that runs only if the steps in `needs` have succeeded. Names that are not in the plan are ignored.
    pub(crate) fn add_after(
        &mut self,
        needs: &'static [&'static str],
        name: &'static str,
        action: impl FnOnce() -> Result<Finish> + 'a,
    ) {
        if self.steps.iter().all(|step| step.name != name) {
            self.steps.push(Step {
                name,
                needs,
                usual_seconds: None,
                action: Box::new(action),
            });
        }
    }

    /// Says how long steps usually take the first time, for who waits for them.
    pub(crate) fn expect_seconds(&mut self, usual: &[(&'static str, u64)]) {
        for step in &mut self.steps {
            step.usual_seconds = usual
                .iter()
                .find_map(|(name, seconds)| (*name == step.name).then_some(*seconds));
        }
    }

    /// Runs the steps and prints the summary. Fails if any step failed, or was skipped in continuous integration.
    pub(crate) fn run(self, on_failure: OnFailure) -> Result<()> {
        self.run_where(on_failure, is_continuous_integration())
    }

    fn run_where(self, on_failure: OnFailure, nothing_may_be_skipped: bool) -> Result<()> {
        let total = self.steps.len();
        let mut records: Vec<Record> = Vec::with_capacity(total);
        for (index, step) in self.steps.into_iter().enumerate() {
            let position = format!("[{}/{total}]", index + 1);
            let started = Instant::now();
            let outcome = match obstacle(step.needs, &records) {
                Some(outcome) => outcome,
                None => {
                    let usual = step.usual_seconds.map(usual).unwrap_or_default();
                    println!("{position} {}{usual}", step.name);
                    Outcome::from((step.action)())
                }
            };
            let outcome = match outcome {
                Outcome::Skipped(reason) if nothing_may_be_skipped => {
                    Outcome::Failed(format!("{reason} (nothing may be skipped where CI=true)"))
                }
                other => other,
            };
            let record = Record {
                name: step.name,
                outcome,
                duration: started.elapsed(),
            };
            println!("{position} {record}\n");
            let failed = record.outcome.is_failure();
            records.push(record);
            if failed && on_failure == OnFailure::Stop {
                break;
            }
        }
        print!("{}", Summary(&records));
        let failed = records
            .iter()
            .filter(|record| record.outcome.is_failure())
            .count();
        if failed > 0 {
            bail!("{failed} of {total} steps failed");
        }
        Ok(())
    }
}

/// How long a step takes where nothing of it is done yet, in words.
fn usual(seconds: u64) -> String {
    format!(" (the first time usually {seconds} s on two cores)")
}

/// The outcome of a step that cannot run because of what became of the steps it needs.
fn obstacle(needs: &[&str], records: &[Record]) -> Option<Outcome> {
    records
        .iter()
        .filter(|record| needs.contains(&record.name))
        .find_map(|record| match &record.outcome {
            Outcome::Passed(_) => None,
            Outcome::Skipped(reason) => Some(Outcome::Skipped(reason.clone())),
            Outcome::Failed(_) | Outcome::Blocked(_) => Some(Outcome::Blocked(record.name)),
        })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_failed_step_does_not_stop_independent_steps() {
        let ran = RefCell::new(Vec::new());
        let mut plan = Plan::new();
        plan.add("a", || bail!("broken"));
        plan.add_after(&["a"], "b", || {
            ran.borrow_mut().push("b");
            Ok(Finish::Done)
        });
        plan.add("c", || {
            ran.borrow_mut().push("c");
            Ok(Finish::Done)
        });
        assert!(plan.run(OnFailure::Continue).is_err());
        assert_eq!(*ran.borrow(), ["c"]);
    }

    #[test]
    fn a_failed_step_stops_a_plan_whose_steps_build_on_each_other() {
        let mut plan = Plan::new();
        plan.add("a", || bail!("broken"));
        plan.add("b", || panic!("must not run"));
        assert!(plan.run(OnFailure::Stop).is_err());
    }

    #[test]
    fn a_step_that_needs_a_skipped_step_is_skipped_for_the_same_reason() {
        let records = [Record {
            name: "a",
            outcome: Outcome::Skipped("no python3".into()),
            duration: Duration::ZERO,
        }];
        assert_eq!(
            obstacle(&["a"], &records),
            Some(Outcome::Skipped("no python3".into()))
        );
        assert_eq!(obstacle(&["elsewhere"], &records), None);
    }

    #[test]
    fn a_skipped_step_fails_where_nothing_may_be_skipped() {
        let plan = || {
            let mut plan = Plan::new();
            plan.add("a", || Ok(Finish::Skipped("no python3".to_owned())));
            plan
        };
        assert!(plan().run_where(OnFailure::Continue, true).is_err());
        assert!(plan().run_where(OnFailure::Continue, false).is_ok());
    }

    #[test]
    fn a_step_is_added_once() {
        let count = RefCell::new(0);
        let mut plan = Plan::new();
        for _ in 0..2 {
            plan.add("a", || {
                *count.borrow_mut() += 1;
                Ok(Finish::Done)
            });
        }
        assert!(plan.run(OnFailure::Stop).is_ok());
        assert_eq!(*count.borrow(), 1);
    }
}
