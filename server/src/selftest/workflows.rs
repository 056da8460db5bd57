//! The workflows that are executed while things are killed.

use super::Error;
use super::wire::Wire;

/// A workflow of the selftest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Workflow {
    /// Requests alone, side by side and never to be repeated; a wait that gives the lease back.
    Order,
    /// One at a time per key.
    Keyed,
}

/// The step that must not be repeated, whatever happens.
pub(super) const AT_MOST_ONCE: &str = "charge";

impl Workflow {
    /// All of them.
    pub(super) const ALL: [Self; 2] = [Self::Order, Self::Keyed];

    /// The `id` of its file.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Order => "selftest-order",
            Self::Keyed => "selftest-keyed",
        }
    }

    /// The steps whose effects are noted, with how many iterations each has.
    pub(super) fn effects(self) -> &'static [(&'static str, u32)] {
        match self {
            Self::Order => &[("reserve", 1), ("ship", 3), (AT_MOST_ONCE, 1), ("confirm", 1)],
            Self::Keyed => &[("turn", 1)],
        }
    }

    /// Its file, for the effect server at `url`.
    pub(super) fn file(self, url: &str) -> String {
        let call =
            |step: &str, number: &str| format!("with: {{method: POST, url: \"{url}/{{{{ execution.id }}}}/{step}/{number}\"}}");
        match self {
            Self::Order => format!(
                "id: selftest-order
triggers: [{{id: in, type: webhook, path: selftest/order}}]
steps:
  - {{id: read, uses: transform, with: {{n: \"{{{{ trigger.body.n }}}}\"}}}}
  - {{id: reserve, uses: http.request, {}}}
  - {{id: ship, uses: http.request, depends_on: [read], for_each: {{items: \"{{{{ ['a', 'b', 'c'] }}}}\", concurrency: 2}}, {}}}
  - {{id: charge, uses: http.request, depends_on: [reserve], effect: at_most_once, on_error: continue, {}}}
  - {{id: rest, uses: wait, depends_on: [read], if: trigger.body.n % 4 == 0, with: {{duration: 1500ms}}}}
  - {{id: confirm, uses: http.request, depends_on: [charge, ship, rest], {}}}
output: {{n: \"{{{{ steps.read.output.n }}}}\"}}
",
                call("reserve", "0"),
                call("ship", "{{ index }}"),
                call("charge", "0"),
                call("confirm", "0")
            ),
            Self::Keyed => format!(
                "id: selftest-keyed
triggers: [{{id: in, type: webhook, path: selftest/keyed}}]
concurrency: {{key: \"{{{{ trigger.body.key }}}}\", limit: 1, on_limit: queue}}
steps:
  - {{id: turn, uses: http.request, {}}}
output: {{n: \"{{{{ trigger.body.n }}}}\"}}
",
                call("turn", "0")
            ),
        }
    }

    /// The path of its webhook.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Order => "/hooks/main/selftest/order",
            Self::Keyed => "/hooks/main/selftest/keyed",
        }
    }
}

/// Installs and activates all workflows.
pub(super) async fn install(wire: &Wire, server: &str, token: &str, effects: &str) -> Result<(), Error> {
    for workflow in Workflow::ALL {
        let path = format!("/api/workflows/{}", workflow.id());
        let file = ("application/yaml", workflow.file(effects));
        wire.call(server, token, (reqwest::Method::PUT, &path), file).await?;
        let empty = ("application/json", "{}".to_owned());
        wire.call(server, token, (reqwest::Method::POST, &format!("{path}/activate")), empty).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::workflow::compile;

    #[test]
    fn the_files_are_fine() {
        for workflow in Workflow::ALL {
            let plan = compile(&workflow.file("http://127.0.0.1:1")).unwrap_or_else(|errors| panic!("{errors:#?}"));
            assert_eq!(&*plan.id, workflow.id());
            assert!(workflow.effects().iter().all(|(step, _)| plan.step_index(step).is_some()));
        }
    }
}
