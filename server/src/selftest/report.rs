//! The verdict, for people and for programs.

use std::fmt;

use serde::Serialize;

use super::checks::Check;

/// What a selftest found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The seed: the same again gives the same schedule of kills.
    pub seed: u64,
    /// How often the server was killed.
    pub server_kills: u32,
    /// How often its Postgres was.
    pub postgres_kills: u32,
    /// Deliveries that senders sent, each counted once.
    pub deliveries: u64,
    /// How often one was sent again.
    pub repetitions: u64,
    /// Deliveries that the server acknowledged.
    pub acknowledged: u64,
    /// Executions that there are.
    pub executions: u64,
    /// Calls that the effect server got.
    pub effects: u64,
    /// Those of them that repeated an earlier one after a kill.
    pub repeated_effects: u64,
    /// Executions that were set aside because nodes were lost with them too often.
    pub set_aside: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Every promise.
    pub checks: Vec<Check>,
}

impl Report {
    /// Whether every promise was kept.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.violations == 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}: {} kills of the server, {} of its Postgres, {:.0} s",
            self.seed, self.server_kills, self.postgres_kills, self.seconds
        )?;
        writeln!(
            f,
            "{} deliveries sent, {} times again; {} acknowledged; {} executions, {} set aside; {} effects, {} of them repeated\n",
            self.deliveries,
            self.repetitions,
            self.acknowledged,
            self.executions,
            self.set_aside,
            self.effects,
            self.repeated_effects
        )?;
        writeln!(f, "{:<72} {:>9} {:>10}", "PROMISE", "LOOKED AT", "VIOLATIONS")?;
        for check in &self.checks {
            writeln!(f, "{:<72} {:>9} {:>10}", check.promise, check.looked_at, check.violations)?;
            for example in &check.examples {
                writeln!(f, "    {example}")?;
            }
        }
        let verdict = if self.holds() { "all promises kept" } else { "PROMISES BROKEN" };
        writeln!(f, "\n{verdict}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_well() {
        let mut check = Check::new("every acknowledged delivery has its one execution");
        check.expect(true, String::new);
        let mut report = Report {
            seed: 42,
            server_kills: 20,
            postgres_kills: 0,
            deliveries: 100,
            repetitions: 7,
            acknowledged: 100,
            executions: 100,
            effects: 500,
            repeated_effects: 9,
            set_aside: 0,
            seconds: 31.4,
            checks: vec![check],
        };
        assert!(report.holds());
        report.checks[0].expect(false, || "delivery 1-2 has none".to_owned());
        assert!(!report.holds());
        insta::assert_snapshot!(report, @r"
        seed 42: 20 kills of the server, 0 of its Postgres, 31 s
        100 deliveries sent, 7 times again; 100 acknowledged; 100 executions, 0 set aside; 500 effects, 9 of them repeated

        PROMISE                                                                  LOOKED AT VIOLATIONS
        every acknowledged delivery has its one execution                                2          1
            delivery 1-2 has none

        PROMISES BROKEN
        ");
    }
}
