//! People, plans, connections, orders about many executions, saved views: what is asked first, and what is sent.

use chrono::Datelike as _;
use tidemill_common::api::billing::AcquisitionCost;
use tidemill_common::api::bulk::{BulkAction, BulkOrder, BulkState, BulkView};
use tidemill_common::api::member::MemberUpdate;
use tidemill_common::api::organization::OrganizationRole;
use tidemill_common::api::workspace::Role;
use tidemill_common::ids::{SubscriptionDeliveryId, UserId};
use uuid::Uuid;

use super::*;
use crate::app::data::{Data, Query};
use crate::app::order::{BillingOrder, ConnectOrder, HouseOrder, Named, Once, Page, PeopleOrder, Turn, Way};
use crate::app::state::listing::AuditFilter;
use crate::app::state::overlay::Overlay;
use crate::app::state::samples::{self, around};
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

fn later(app: &mut App) {
    app.now += TimeDelta::milliseconds(300);
}

/// The only order that `effects` send.
fn sent(effects: &[Effect]) -> Order {
    let [Effect::Send(orders)] = effects else { unreachable!("{effects:?}") };
    assert_eq!(orders.len(), 1, "{orders:?}");
    orders[0].clone()
}

#[test]
fn a_role_is_changed_and_a_guest_needs_an_end() {
    let mut app = open("gp");
    app.keys("je");
    app.key(KeyCode::Right);
    app.key(KeyCode::Right);
    enter(&mut app);
    assert_eq!(enter(&mut app), [], "a guest needs an end");
    app.keys("30");
    let wanted = MemberUpdate { role: Role::Guest, expires_in_days: Some(30) };
    let order = Order::People(PeopleOrder::MemberUpdate(UserId(Uuid::from_u128(2)), "Bo Park".into(), wanted));
    assert_eq!(sent(&enter(&mut app)), order);
}

#[test]
fn a_member_goes_when_the_name_was_typed() {
    let mut app = open("gp");
    app.keys("jD");
    later(&mut app);
    app.keys("Bo");
    assert_eq!(enter(&mut app), []);
    app.keys(" Park");
    let order = sent(&enter(&mut app));
    assert!(matches!(order, Order::People(PeopleOrder::MemberRemove(_, name)) if name == "Bo Park"));
}

#[test]
fn the_link_of_an_invite_is_shown_once() {
    let mut app = open("gi");
    app.keys("n");
    app.key(KeyCode::Right);
    enter(&mut app);
    app.keys("dee@example.com");
    for _ in 0..5 {
        enter(&mut app);
    }
    let effects = enter(&mut app);
    let order = sent(&effects);
    let Order::People(PeopleOrder::InviteCreate(wanted)) = &order else { unreachable!("{order:?}") };
    assert_eq!((wanted.role, wanted.uses, wanted.expires_in_hours), (Role::Editor, Some(1), Some(72)));
    let once = Once { title: "the link".into(), secret: "https://x/invite#s3".into() };
    app.answer(Answer::Sent { order: Box::new(order), result: Ok(Outcome::Once(once)), left: 0 });
    assert!(app.state.shows_secret(), "it goes on no tape");
    app.key(KeyCode::Esc);
    assert!(!format!("{:?}", app.state).contains("#s3"));
}

#[test]
fn who_may_not_sends_nothing() {
    let mut app = open("gi");
    let mut account = samples::account();
    account.workspace.role = Role::Editor;
    app.answer(Answer::Data(Query::Account, Ok(Data::Account(Box::new(account)))));
    for keys in ["n", "D"] {
        assert_eq!(app.keys(keys), []);
        assert!(app.state.overlay.is_none() && app.message().contains("only admins"), "{}", app.message());
    }
}

#[test]
fn a_plan_is_chosen_by_its_name() {
    let mut app = open("gu");
    app.keys("jjU");
    later(&mut app);
    app.key(KeyCode::Right);
    enter(&mut app);
    app.keys("business");
    assert_eq!(sent(&enter(&mut app)), Order::Billing(BillingOrder::Change(Way::Trial, "business".into())));
    let mut app = open("gu");
    app.keys("jU");
    assert!(app.state.overlay.is_none() && app.message().contains("present plan"), "{}", app.message());
    app.keys("D");
    later(&mut app);
    app.keys("pro");
    assert_eq!(sent(&enter(&mut app)), Order::Billing(BillingOrder::Cancel(Uuid::from_u128(7), "pro".into())));
}

#[test]
fn what_winning_customers_cost_is_noted_month_by_month() {
    let mut app = open("gf");
    app.keys("n");
    later(&mut app);
    app.key(KeyCode::Tab);
    app.keys("12x");
    enter(&mut app);
    assert!(app.state.overlay.is_some(), "it is no number, and nothing is sent");
    app.key(KeyCode::Backspace);
    let month = app.now.date_naive().with_day(1).unwrap();
    assert_eq!(sent(&enter(&mut app)), Order::Billing(BillingOrder::Spent(AcquisitionCost { month, cents: 12 })));
}

#[test]
fn what_was_refused_is_replayed_but_not_twice() {
    let mut app = open("gr");
    app.keys("r");
    later(&mut app);
    assert_eq!(sent(&app.keys("y")), Order::Billing(BillingOrder::RefusedReplay(vec![Uuid::from_u128(1)])));
    app.keys("jr");
    assert!(app.message().contains("replayed already"), "{}", app.message());
}

#[test]
fn a_subscription_is_disabled_and_one_key_takes_it_back() {
    let mut app = open("ge");
    app.keys("A");
    later(&mut app);
    let order = sent(&app.keys("y"));
    let Order::Connect(ConnectOrder::SubscriptionUpdate(_, _, wanted)) = &order else { unreachable!("{order:?}") };
    assert_eq!(wanted.enabled, Some(false));
    app.answer(Answer::Sent { order: Box::new(order), result: Ok(Outcome::Done), left: 0 });
    let Order::Connect(ConnectOrder::SubscriptionUpdate(_, _, back)) = sent(&app.keys("u")) else { unreachable!() };
    assert_eq!(back.enabled, Some(true));
}

#[test]
fn deliveries_are_made_again() {
    let mut app = open("ge");
    let (id, query) = (around::subscription(), Query::Deliveries(around::subscription()));
    assert_eq!(enter(&mut app), [Effect::Read(query.clone())]);
    app.answer(Answer::Data(query, Ok(Data::Deliveries(around::deliveries()))));
    app.keys("j");
    let delivery = SubscriptionDeliveryId(Uuid::from_u128(2));
    let order = Order::Connect(ConnectOrder::Redeliver(id, delivery, "execution_failed".into()));
    assert_eq!(sent(&app.keys("r")), order);
    enter(&mut app);
    assert!(
        matches!(&app.state.overlay, Some(Overlay::Note(note)) if note.lines.iter().any(|(_, line)| line.contains("payload")))
    );
}

#[test]
fn the_audit_log_is_asked_for_what_is_not_loaded() {
    let mut app = open("gl");
    app.keys("/kind:secret");
    let wanted = AuditFilter { kind: Some("secret".into()), ..AuditFilter::default() };
    assert_eq!(enter(&mut app), [Effect::Read(Query::Audit(wanted))]);
    let Screen::Listing(listing) = app.state.screen() else { unreachable!() };
    assert_eq!(listing.list.keys(), ["395"], "what is loaded is narrowed at once");
    assert_eq!(app.key(KeyCode::Esc), [Effect::Read(Query::Audit(AuditFilter::default()))]);
    app.keys("jj");
    assert!(app.state.screens().count() == 1);
}

fn order() -> BulkOrder {
    BulkOrder {
        action: BulkAction::Retry,
        workflow: Some("invoice-sync".into()),
        status: vec![ExecutionStatus::Failed],
        since: None,
        until: Some(testing::now()),
        rate: Some(10),
        reason: None,
        from: tidemill_common::api::control::RetryFrom::Failed,
        patch: None,
        dry_run: true,
    }
}

#[test]
fn everything_that_passes_is_counted_before_it_is_asked_about() {
    let mut app = open("2");
    app.keys("/wf:invoice-sync status:failed");
    enter(&mut app);
    app.keys("B");
    for _ in 0..6 {
        assert_eq!(enter(&mut app), []);
    }
    let query = Query::Fitting(Box::new(order()));
    assert_eq!(enter(&mut app), [Effect::Read(query.clone())]);
    let view = BulkView { state: BulkState::DryRun, count: Some(312), ..around::order() };
    app.answer(Answer::Data(query, Ok(Data::Fitting(Box::new(view)))));
    later(&mut app);
    app.keys("31");
    assert_eq!(enter(&mut app), [], "that is not how many there are");
    app.keys("2");
    assert_eq!(sent(&enter(&mut app)), Order::Bulk(Box::new(BulkOrder { dry_run: false, ..order() })));
}

#[test]
fn what_the_server_can_not_tell_apart_is_not_ordered() {
    let mut app = open("2");
    app.keys("/invoice");
    enter(&mut app);
    app.keys("B");
    assert!(app.state.overlay.is_none() && app.message().contains("wf:NAME"), "{}", app.message());
}

#[test]
fn an_order_that_runs_is_stopped() {
    let mut app = open("go");
    app.keys("jC");
    assert!(app.message().contains("not running"), "{}", app.message());
    app.keys("kC");
    later(&mut app);
    assert_eq!(sent(&app.keys("y")), Order::BulkStop(around::order().id));
}

#[test]
fn a_view_is_kept_with_the_session_and_chosen_again() {
    let mut app = open("2");
    app.keys("/status:failed");
    enter(&mut app);
    app.keys("c");
    enter(&mut app);
    app.key(KeyCode::Esc);
    app.keys("s");
    for _ in 0..2 {
        app.key(KeyCode::Down);
    }
    enter(&mut app);
    app.keys("V");
    app.key(KeyCode::Down);
    enter(&mut app);
    app.keys("slow failures");
    enter(&mut app);
    let session = Session::of(&app.state);
    assert_eq!(session.views.len(), 1, "{session:?}");
    let text = serde_json::to_string(&session).unwrap();
    let session: Session = serde_json::from_str(&text).unwrap();
    let mut again = open("2");
    again.state.views.clone_from(&session.views);
    again.keys("V");
    again.key(KeyCode::Down);
    enter(&mut again);
    let Screen::Executions(screen) = again.state.screen() else { unreachable!() };
    assert_eq!((screen.filter.text(), &screen.look), ("status:failed", &session.views[0].look));
    assert!(!screen.look.is_plain());
    again.keys("V");
    for _ in 0..3 {
        again.key(KeyCode::Down);
    }
    enter(&mut again);
    assert!(again.state.views.is_empty());
}

#[test]
fn screens_that_belong_together_are_side_by_side() {
    let mut app = open("gp");
    assert_eq!(app.keys("l"), [Effect::Read(Query::Invites)]);
    assert_eq!(app.keys("l"), [Effect::Read(Query::Shares)]);
    assert_eq!(app.keys("l"), [Effect::Read(Query::Users)]);
    assert_eq!(app.keys("l"), [Effect::Read(Query::Workspaces)]);
    assert_eq!(app.keys("l"), [], "there is no further one");
    assert_eq!(app.keys("h"), [Effect::Read(Query::Users)]);
    let click = MouseEvent { kind: MouseEventKind::Down(MouseButton::Left), column: 2, row: 3, modifiers: KeyModifiers::NONE };
    assert_eq!(app.event(Event::Mouse(click)), [Effect::Read(Query::Members)]);
}

#[test]
fn the_dashboard_reads_plan_and_nodes_each_minute() {
    let mut app = open("1");
    assert_eq!(app.event(Event::Tick), []);
    app.now += TimeDelta::seconds(61);
    let effects = app.event(Event::Tick);
    assert!(effects.contains(&Effect::Read(Query::Plan)) && effects.contains(&Effect::Read(Query::Nodes)), "{effects:?}");
}

#[test]
fn settings_do_what_they_say() {
    let mut app = open("gs");
    let before = app.state.colors;
    enter(&mut app);
    assert_ne!(app.state.colors, before);
    assert_eq!(app.keys("yy"), [Effect::Copy { what: "id", text: app.state.colors.name().into() }]);
    app.keys("jj");
    assert_eq!(enter(&mut app), [Effect::Read(Query::Server)]);
}

#[test]
fn a_user_of_the_organization_gets_another_role_a_link_or_goes() {
    let mut app = open("gt");
    let bo = UserId(Uuid::from_u128(2));
    app.keys("je");
    app.key(KeyCode::Right);
    let role = HouseOrder::UserRole(bo, "Bo Park".into(), OrganizationRole::Admin);
    assert_eq!(sent(&enter(&mut app)), Order::House(role));
    app.keys("K");
    later(&mut app);
    assert_eq!(sent(&app.keys("y")), Order::House(HouseOrder::PasswordLink(bo, "Bo Park".into())));
    app.keys("D");
    later(&mut app);
    app.keys("Bo Park");
    assert_eq!(sent(&enter(&mut app)), Order::House(HouseOrder::UserErase(bo, "Bo Park".into())));
}

#[test]
fn a_workspace_is_archived_restored_and_gone_to() {
    let mut app = open("gw");
    for (keys, slug, turn) in [("j", "launch", Turn::Unarchive), ("j", "ops", Turn::Archive), ("j", "scratch", Turn::Restore)] {
        app.keys(keys);
        app.keys("A");
        later(&mut app);
        assert_eq!(sent(&app.keys("y")), Order::House(HouseOrder::WorkspaceTurn(slug.into(), turn)));
    }
    app.keys("gg");
    let visit = Query::Visit("finance".into());
    assert_eq!(enter(&mut app), [Effect::Read(visit.clone())], "whether the token reaches it is asked first");
    let account = Data::Account(Box::new(samples::account()));
    assert_eq!(app.answer(Answer::Data(visit, Ok(account))), [Effect::Workspace("finance".into())]);
    app.keys("jj");
    assert_eq!(enter(&mut app), [], "we are there");
}

#[test]
fn where_a_plan_is_paid_is_an_address_to_copy() {
    let mut app = open("gu");
    let wanted = Order::Billing(BillingOrder::Checkout("enterprise".into()));
    app.keys("G");
    assert_eq!(sent(&app.keys("P")), wanted);
    let page = Page { title: "pay".into(), address: "https://pay.example/c/1".into(), note: "there".into() };
    app.answer(Answer::Sent { order: Box::new(wanted), result: Ok(Outcome::Page(page)), left: 0 });
    let copy = Effect::Copy { what: "text", text: "https://pay.example/c/1".into() };
    assert_eq!(app.keys("y"), [copy]);
    app.key(KeyCode::Esc);
    app.keys("gv");
    assert_eq!(sent(&app.keys("P")), Order::Billing(BillingOrder::Portal));
}

#[test]
fn a_plan_is_changed_by_those_who_run_the_server() {
    let mut app = open("gu");
    app.keys("e");
    for _ in 0..17 {
        enter(&mut app);
    }
    let Order::Billing(BillingOrder::PlanPut(id, put)) = sent(&enter(&mut app)) else { unreachable!() };
    let before = samples::plan().plans.items[0].clone();
    assert_eq!((id, put.name, put.limits), (before.id, before.name, Some(before.limits)), "what was not touched stays");
    app.keys("X");
    later(&mut app);
    app.keys("free");
    assert_eq!(sent(&enter(&mut app)), Order::Billing(BillingOrder::PlanDelete("free".into())));
}

#[test]
fn marked_workflows_are_activated_or_removed_together() {
    let mut app = open("g3");
    app.answer(Answer::Workflows { generation: 0, result: Ok(samples::workflows()) });
    app.keys(" j A");
    later(&mut app);
    let on = Order::Switch { workflow: "nightly-etl".into(), activate: Some(15) };
    assert_eq!(sent(&app.keys("y")), on, "what is active already is left alone");
    app.keys("D");
    later(&mut app);
    app.keys("2");
    let Effect::Send(orders) = &enter(&mut app)[0] else { unreachable!() };
    assert_eq!(orders, &["crm-dedupe", "nightly-etl"].map(|id| Order::WorkflowDelete(id.into())));
    for order in orders.clone() {
        app.answer(Answer::Sent { order: Box::new(order), result: Ok(Outcome::Done), left: 0 });
    }
    assert!(app.state.catalogue.get("crm-dedupe").is_none());
}

#[test]
fn marked_causes_are_replayed_together() {
    let mut app = open("g4");
    app.answer(Answer::Data(Query::Causes, Ok(Data::Causes(samples::causes()))));
    app.keys("*r");
    later(&mut app);
    for _ in 0..3 {
        enter(&mut app);
    }
    app.keys("17");
    let Effect::Send(orders) = &enter(&mut app)[0] else { unreachable!() };
    let causes: Vec<_> =
        orders.iter().map(|order| matches!(order, Order::Replay(replay) if replay.fingerprint.is_some())).collect();
    assert_eq!(causes, [true, true]);
}

#[test]
fn account_and_organization_get_another_name_in_the_settings() {
    for (setting, named) in [(Setting::Account, Named::Account), (Setting::Organization, Named::Organization)] {
        let mut app = open("gs");
        let at = Setting::ALL.iter().position(|one| *one == setting).unwrap();
        app.keys(&"j".repeat(at));
        app.keys("e");
        app.keys(" & Sons");
        let Order::House(HouseOrder::Rename(what, name)) = sent(&enter(&mut app)) else { unreachable!() };
        assert_eq!(what, named);
        assert!(["Ann Lee & Sons", "Example & Sons"].contains(&name.as_str()), "{name}");
    }
    let mut app = open("gs");
    assert_eq!(app.keys("e"), []);
    assert!(app.message().contains("e changes"), "{}", app.message());
    let mut account = samples::account();
    account.organization_admin = false;
    app.answer(Answer::Data(Query::Account, Ok(Data::Account(Box::new(account)))));
    app.keys(&"j".repeat(8));
    assert_eq!(app.keys("e"), []);
    assert!(app.message().contains("e changes"), "whoever does not administer it can't: {}", app.message());
}
