//! The values of all rounds, by what was measured.

use serde::{Deserialize, Serialize};

/// One value of one round, as the measuring programs print it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Sample {
    #[serde(flatten)]
    pub(super) key: Key,
    pub(super) value: f64,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Key {
    /// The part of the benchmark: `kernels`, `stages`, `native`, `browser`, `page thread`.
    pub(super) suite: String,
    /// At what: a kernel, a stage, `pixels in`, `JPEG in`, `start`.
    pub(super) case: String,
    /// Who.
    pub(super) subject: String,
    /// The quantity, ending in its unit: `wall_ms`, `frames_per_s`, `memory_mb`.
    pub(super) metric: String,
}

/// The values of one [`Key`], one a round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Series {
    #[serde(flatten)]
    pub(super) key: Key,
    /// In the middle of the rounds.
    pub(super) median: f64,
    /// The least.
    pub(super) least: f64,
    /// Greatest less least, as a part of the median: the noise.
    pub(super) spread: f64,
    /// In the order of the rounds.
    pub(super) values: Vec<f64>,
}

impl Series {
    fn new(key: Key, values: Vec<f64>) -> Self {
        let median = median(&values);
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let spread = if median == 0.0 {
            0.0
        } else {
            (greatest - least) / median.abs()
        };
        Self {
            key,
            median,
            least,
            spread,
            values,
        }
    }
}

/// Series while they grow, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct SeriesTable(Vec<(Key, Vec<f64>)>);

impl SeriesTable {
    pub(super) fn add(&mut self, Sample { key, value }: Sample) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => self.0.push((key, vec![value])),
        }
    }

    /// The values of a key, one a round.
    pub(super) fn values(&self, suite: &str, case: &str, subject: &str, metric: &str) -> &[f64] {
        let wanted = [suite, case, subject, metric];
        self.0
            .iter()
            .find(|(key, _)| [&*key.suite, &*key.case, &*key.subject, &*key.metric] == wanted)
            .map_or(&[], |(_, values)| values)
    }

    pub(super) fn into_series(self) -> Vec<Series> {
        self.0
            .into_iter()
            .map(|(key, values)| Series::new(key, values))
            .collect()
    }
}

/// The value in the middle, or the mean of the two there. There must be one.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    } else {
        sorted[middle]
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::bench) fn sample(names: [&str; 4], value: f64) -> Sample {
        let [suite, case, subject, metric] = names.map(str::to_owned);
        Sample {
            key: Key {
                suite,
                case,
                subject,
                metric,
            },
            value,
        }
    }

    #[test]
    fn a_line_of_a_measuring_program_is_a_sample() {
        let line = r#"{"suite":"native","subject":"a","case":"start","metric":"ms","value":1.5}"#;
        let parsed: Sample = serde_json::from_str(line).unwrap();
        assert_eq!(parsed, sample(["native", "start", "a", "ms"], 1.5));
        assert!(serde_json::from_str::<Sample>(&line.replace("1.5", "null")).is_err());
    }

    #[test]
    fn medians_are_of_sorted_values() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[7.0]), 7.0);
    }

    #[test]
    fn values_of_one_key_make_one_series_with_its_spread() {
        let mut table = SeriesTable::default();
        for value in [10.0, 12.0, 8.0] {
            table.add(sample(["s", "c", "a", "ms"], value));
            table.add(sample(["s", "c", "b", "ms"], 0.0));
        }
        assert_eq!(table.values("s", "c", "a", "ms"), [10.0, 12.0, 8.0]);
        assert!(table.values("s", "c", "a", "mb").is_empty());
        let series = table.into_series();
        assert_eq!(series.len(), 2);
        assert_eq!((series[0].median, series[0].least), (10.0, 8.0));
        assert_eq!(series[0].spread, 0.4);
        assert_eq!(series[1].spread, 0.0);
    }
}
