use super::*;
use crate::app::action::{ACTIONS, Action, Tier};
use crate::app::state::{Root, Screen};

/// Where keys are looked up, for each kind of screen.
fn every_screen() -> Vec<&'static [Scope]> {
    crate::app::state::samples::screens().iter().map(Screen::scopes).collect()
}

#[test]
fn every_bound_action_has_a_name_and_help() {
    for binding in BINDINGS {
        let info = binding.action.info();
        assert_eq!(info.action, binding.action, "{:?} has no row in ACTIONS", binding.action);
        assert!(!info.name.is_empty() && info.help.len() > 3, "{info:?}");
    }
}

#[test]
fn every_action_has_a_key_and_one_row() {
    for info in ACTIONS {
        assert!(BINDINGS.iter().any(|binding| binding.action == info.action), "{info:?} has no key");
        assert_eq!(ACTIONS.iter().filter(|other| other.action == info.action).count(), 1, "{info:?} twice");
    }
}

#[test]
fn what_changes_the_server_asks_first() {
    for action in [Action::Cancel, Action::Switch] {
        assert_eq!(action.info().tier, Tier::Confirm, "{action:?}");
    }
    for action in [Action::Discard, Action::Remove] {
        assert_eq!(action.info().tier, Tier::Typed, "{action:?}");
    }
    assert_eq!((Action::Start.info().tier, Action::Retry.info().tier), (Tier::Form, Tier::Form));
    assert_eq!(Action::Pause.info().tier, Tier::Direct);
}

#[test]
fn actions_that_ask_sit_on_no_motion_and_no_control_key() {
    for binding in BINDINGS.iter().filter(|binding| matches!(binding.action.info().tier, Tier::Confirm | Tier::Typed)) {
        for key in binding.keys {
            assert!(key.len() == 1 && key.chars().all(|c| c.is_ascii_uppercase()), "{key} for {:?}", binding.action);
        }
    }
}

#[test]
fn no_key_means_two_things_in_one_scope() {
    for (at, binding) in BINDINGS.iter().enumerate() {
        for key in binding.keys {
            let others = BINDINGS[at + 1..].iter().filter(|other| other.scope == binding.scope);
            assert!(!others.flat_map(|other| other.keys).any(|other| other == key), "{key} in {:?}", binding.scope);
        }
    }
}

#[test]
fn no_whole_key_is_the_beginning_of_another() {
    for scopes in every_screen() {
        for binding in BINDINGS.iter().filter(|binding| scopes.contains(&binding.scope)) {
            for key in binding.keys.iter().filter(|key| key.contains(' ')) {
                let first = key.split(' ').next().unwrap_or_default();
                assert_eq!(resolve(scopes, first), Resolved::Prefix, "{first} hides {key}");
            }
        }
    }
}

#[test]
fn sequences_resolve_stroke_by_stroke() {
    let scopes: &[Scope] = &[Scope::Dashboard, Scope::Root, Scope::Global];
    assert_eq!(resolve(scopes, "g"), Resolved::Prefix);
    assert_eq!(resolve(scopes, "g g"), Resolved::Action(Action::Top));
    assert_eq!(resolve(scopes, "g x"), Resolved::Unknown);
    assert_eq!(resolve(&[Scope::Execution, Scope::Global], "1"), Resolved::Action(Action::TabInput));
    assert_eq!(resolve(scopes, "1"), Resolved::Action(Action::Go(Root::Dashboard)));
}

#[test]
fn every_scope_belongs_to_a_screen() {
    for binding in BINDINGS {
        assert!(every_screen().iter().any(|scopes| scopes.contains(&binding.scope)), "{:?}", binding.scope);
    }
}
