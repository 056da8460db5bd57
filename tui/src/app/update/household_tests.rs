//! Organizations, the account, its sessions and workspaces: what is asked first, and what is sent.

use tidemill_common::api::billing_subscription::BillingSubscriptionUpdate;
use tidemill_common::api::session::{DeviceApprove, TotpCode};
use tidemill_common::api::workspace::WorkspaceList;
use tidemill_common::ids::OrganizationId;
use uuid::Uuid;

use super::*;
use crate::app::data::{Data, Query};
use crate::app::event::Failure;
use crate::app::given::Given;
use crate::app::order::{AccountOrder, Enrolled, HouseOrder, Once};
use crate::app::state::listing::AuditFilter;
use crate::app::state::samples::{self, around};
use crate::app::state::session::Session;
use crate::app::state::settings::Setting;

/// The screen behind `keys`, for an admin of everything.
fn open(keys: &str) -> App {
    let mut app = App::new();
    app.answer(Answer::Data(Query::Account, Ok(Data::Account(Box::new(samples::account())))));
    app.keys(keys);
    for (_, query, data) in around::answers().into_iter().chain(samples::household::answers()) {
        app.answer(Answer::Data(query, Ok(data)));
    }
    app
}

fn enter(app: &mut App) -> Vec<Effect> {
    app.key(KeyCode::Enter)
}

/// The only order that `effects` send.
fn sent(effects: &[Effect]) -> Order {
    let [Effect::Send(orders)] = effects else { unreachable!("{effects:?}") };
    assert_eq!(orders.len(), 1, "{orders:?}");
    orders[0].clone()
}

#[test]
fn an_organization_is_made_and_its_link_is_shown_once() {
    let mut app = open("gz");
    app.keys("nBeta & Co");
    enter(&mut app);
    assert_eq!(enter(&mut app), [], "the last field comes first");
    assert_eq!(enter(&mut app), [], "it needs a first workspace");
    app.keys("beta");
    enter(&mut app);
    let order = sent(&enter(&mut app));
    let Order::House(HouseOrder::OrganizationCreate(wanted)) = &order else { unreachable!("{order:?}") };
    assert_eq!((wanted.name.as_str(), wanted.workspace.as_str(), &wanted.email), ("Beta & Co", "beta", &None));
    let once = Once { title: "the link".into(), secret: "https://x/invite#0rg".into() };
    app.answer(Answer::Sent { order: Box::new(order), result: Ok(Outcome::Once(once)), left: 0 });
    assert!(app.state.shows_secret(), "it goes on no tape");
    app.key(KeyCode::Esc);
    assert!(!format!("{:?}", app.state).contains("0rg"));
}

#[test]
fn an_organization_is_put_on_a_plan() {
    let mut app = open("gz");
    app.keys("je");
    enter(&mut app);
    assert_eq!(enter(&mut app), [], "neither a plan nor a zone");
    app.keys("pro");
    enter(&mut app);
    let wanted = BillingSubscriptionUpdate { plan: Some("pro".into()), zone: None };
    let order = HouseOrder::OrganizationPlan(OrganizationId(Uuid::from_u128(2)), "Acme".into(), wanted);
    assert_eq!(sent(&enter(&mut app)), Order::House(order));
}

/// The settings, with the cursor on `setting`.
fn settings(setting: Setting) -> App {
    let mut app = open("gs");
    let at = Setting::ALL.iter().position(|one| *one == setting).unwrap();
    app.keys(&"j".repeat(at));
    app
}

fn later(app: &mut App) {
    app.now += TimeDelta::milliseconds(300);
}

fn done(app: &mut App, order: Order, outcome: Outcome) -> Vec<Effect> {
    app.answer(Answer::Sent { order: Box::new(order), result: Ok(outcome), left: 0 })
}

/// Nowhere in what is known, said or sent.
fn nowhere(app: &App, effects: &[Effect], secret: &str) {
    assert!(!format!("{:?}", app.state).contains(secret), "the state says it");
    assert!(!format!("{effects:?}").contains(secret), "an effect says it");
    let kept = serde_json::to_string(&Session::of(&app.state)).unwrap();
    assert!(!kept.contains(secret), "the session keeps it");
}

#[test]
fn a_password_is_typed_twice_and_is_nowhere_else() {
    let mut app = settings(Setting::Password);
    app.keys("eold0ne");
    enter(&mut app);
    app.keys("n3wOne");
    enter(&mut app);
    app.keys("n3wTwo");
    enter(&mut app);
    nowhere(&app, &[], "n3w");
    assert_eq!(enter(&mut app), [], "they differ");
    for _ in 0..3 {
        app.key(KeyCode::Backspace);
    }
    app.keys("One");
    enter(&mut app);
    let effects = enter(&mut app);
    nowhere(&app, &effects, "n3w");
    nowhere(&app, &effects, "old0ne");
    let order = sent(&effects);
    let Order::Account(AccountOrder::Password(wanted)) = &order else { unreachable!("{order:?}") };
    assert_eq!((wanted.password.as_str(), wanted.current.as_deref(), &wanted.code), ("n3wOne", Some("old0ne"), &None));
    done(&mut app, order, Outcome::Done);
    nowhere(&app, &[], "n3w");
    assert!(app.message().contains("your password: changed"), "{}", app.message());
}

#[test]
fn a_second_factor_is_begun_confirmed_and_its_codes_are_shown_once() {
    let mut app = settings(Setting::SecondFactor);
    app.keys("e");
    enter(&mut app);
    let order = sent(&enter(&mut app));
    assert_eq!(order, Order::Account(AccountOrder::FactorBegin));
    let enrolled = Enrolled { secret: "JBSWY3".into(), url: "otpauth://totp/x?secret=JBSWY3".into() };
    done(&mut app, order, Outcome::Enrolled(enrolled));
    assert!(app.state.shows_secret(), "it goes on no tape");
    nowhere(&app, &[], "JBSWY3");
    assert_eq!(app.keys("y"), [Effect::Copy { what: "text", text: "JBSWY3".into() }]);
    enter(&mut app);
    assert!(!app.state.shows_secret(), "its first code is asked for");
    app.keys("123456");
    nowhere(&app, &[], "123456");
    let effects = enter(&mut app);
    nowhere(&app, &effects, "123456");
    let order = sent(&effects);
    assert!(matches!(&order, Order::Account(AccountOrder::FactorConfirm(code)) if code.code == "123456"));
    done(&mut app, order, Outcome::Once(Once { title: "codes".into(), secret: "aaaa-1\nbbbb-2".into() }));
    assert!(app.state.shows_secret(), "nor do the recovery codes");
    nowhere(&app, &[], "bbbb-2");
    app.key(KeyCode::Esc);
    app.keys("e");
    app.key(KeyCode::Right);
    app.key(KeyCode::Right);
    enter(&mut app);
    assert_eq!(enter(&mut app), [], "a code is needed to switch it off");
    app.keys("654321");
    let order = sent(&enter(&mut app));
    assert!(matches!(&order, Order::Account(AccountOrder::FactorEnd(code)) if code.code == "654321"));
}

#[test]
fn what_a_failed_change_says_holds_no_secret() {
    let mut app = settings(Setting::SecondFactor);
    let order = Order::Account(AccountOrder::FactorEnd(TotpCode { code: "654321".into() }));
    let failure = Failure { code: "forbidden".into(), message: "the code is not right".into(), request_id: None };
    app.answer(Answer::Sent { order: Box::new(order), result: Err(failure), left: 0 });
    assert!(app.message().contains("not switched off"), "{}", app.message());
    nowhere(&app, &[], "654321");
}

#[test]
fn a_first_code_that_was_mistyped_is_typed_again() {
    let mut app = settings(Setting::SecondFactor);
    let order = |code: &str| Order::Account(AccountOrder::FactorConfirm(TotpCode { code: code.into() }));
    let failure = Failure { code: "invalid".into(), message: "this is not the present code".into(), request_id: None };
    app.answer(Answer::Sent { order: Box::new(order("111111")), result: Err(failure), left: 0 });
    app.keys("123456");
    assert_eq!(sent(&enter(&mut app)), order("123456"));
}

#[test]
fn a_device_is_signed_in_or_refused() {
    for (turns, approve) in [(0, true), (1, false)] {
        let mut app = settings(Setting::Devices);
        app.keys("eBCDF-GHJK");
        enter(&mut app);
        for _ in 0..turns {
            app.key(KeyCode::Right);
        }
        let wanted = DeviceApprove { user_code: "BCDF-GHJK".into(), approve };
        assert_eq!(sent(&enter(&mut app)), Order::Account(AccountOrder::Device(wanted)));
    }
}

#[test]
fn our_own_session_ends_last_and_the_program_with_it() {
    let mut app = open("gk");
    app.keys("D");
    later(&mut app);
    assert_eq!(enter(&mut app), [], "its name is typed");
    app.keys("tidemill on bastion");
    let order = sent(&enter(&mut app));
    assert_eq!(order, Order::Account(AccountOrder::SignOut("tidemill on bastion".into())));
    assert_eq!(done(&mut app, order, Outcome::Done), [Effect::Quit]);
    let mut app = open("gk");
    app.keys("*D");
    later(&mut app);
    app.keys("2");
    let Effect::Send(orders) = &enter(&mut app)[0] else { unreachable!() };
    assert!(!orders[0].is_last() && orders[1].is_last(), "{orders:?}");
}

#[test]
fn the_account_is_erased_when_its_name_was_typed() {
    let mut app = settings(Setting::Account);
    assert_eq!(app.keys("D"), []);
    assert!(app.state.overlay.is_none() && app.message().contains("your data"), "{}", app.message());
    let mut app = settings(Setting::Data);
    app.keys("D");
    later(&mut app);
    app.keys("Ann");
    assert_eq!(enter(&mut app), []);
    app.keys(" Lee");
    let order = sent(&enter(&mut app));
    let Order::Account(AccountOrder::Erase(wanted)) = &order else { unreachable!("{order:?}") };
    assert_eq!(wanted.confirm, "Ann Lee");
    assert_eq!(done(&mut app, order, Outcome::Done), [Effect::Quit]);
}

#[test]
fn whoever_leaves_the_workspace_on_screen_goes_to_another() {
    let mut app = open("gw");
    app.keys("jjX");
    later(&mut app);
    app.keys("ops");
    let order = sent(&enter(&mut app));
    assert_eq!(order, Order::House(HouseOrder::WorkspaceLeave("ops".into())));
    assert_eq!(done(&mut app, order, Outcome::Done), [Effect::Read(Query::Visit("finance".into()))]);
    let mut app = open("gw");
    app.answer(Answer::Data(Query::Workspaces, Ok(Data::Workspaces(WorkspaceList { items: Vec::new() }))));
    let order = Order::House(HouseOrder::WorkspaceLeave("ops".into()));
    assert_eq!(done(&mut app, order, Outcome::Done), []);
    assert!(app.message().contains("no other workspace"), "{}", app.message());
}

#[test]
fn files_go_where_the_form_says() {
    let mut app = settings(Setting::Data);
    app.keys("S");
    let day = app.now.format("%Y-%m-%d");
    assert_eq!(enter(&mut app), [Effect::Save(Given::Account, format!("account-{day}.json"))]);
    app.answer(Answer::Saved(Given::Account, Ok("/tmp/account.json".into())));
    assert!(app.message().contains("written to /tmp/account.json"), "{}", app.message());
    let mut app = open("gv");
    app.keys("S");
    let effects = enter(&mut app);
    let [Effect::Save(given @ Given::Invoice(_, number), path)] = effects.as_slice() else { unreachable!("{effects:?}") };
    assert_eq!(*path, format!("invoice-{number}.html"));
    let failure = Failure { code: "file".into(), message: "is there already".into(), request_id: None };
    app.answer(Answer::Saved(given.clone(), Err(failure)));
    assert!(app.message().contains("not written: is there already"), "{}", app.message());
    let mut app = open("gl");
    app.keys("/kind:secret");
    enter(&mut app);
    app.keys("S");
    for _ in 0..3 {
        app.key(KeyCode::Backspace);
    }
    app.keys("jsonl");
    let kept = AuditFilter { kind: Some("secret".into()), ..AuditFilter::default() };
    assert_eq!(enter(&mut app), [Effect::Save(Given::Audit(kept), format!("audit-log-{day}.jsonl"))]);
    let mut app = settings(Setting::Account);
    assert_eq!(app.keys("S"), []);
    assert!(app.state.overlay.is_none() && app.message().contains("your data"), "{}", app.message());
}

#[test]
fn who_only_looks_writes_files_too() {
    let mut app = settings(Setting::Data);
    app.state.place.readonly = true;
    app.keys("S");
    assert!(app.state.overlay.is_some(), "nothing on the server changes");
}

#[test]
fn the_whole_audit_log_is_for_admins_of_the_organization() {
    let mut app = open("gl");
    app.keys("/op:member_add ann");
    enter(&mut app);
    let wanted = |whole| AuditFilter { operation: Some("member_add".into()), whole, ..AuditFilter::default() };
    assert_eq!(app.keys("W"), [Effect::Read(Query::Audit(wanted(true)))]);
    assert_eq!(app.state.screen().filter(), Some("op:member_add ann in:organization"));
    assert_eq!(app.keys("W"), [Effect::Read(Query::Audit(wanted(false)))]);
    let mut account = samples::account();
    account.organization_admin = false;
    app.answer(Answer::Data(Query::Account, Ok(Data::Account(Box::new(account)))));
    assert_eq!(app.keys("W"), []);
    assert!(app.message().contains("admins of the organization"), "{}", app.message());
}
