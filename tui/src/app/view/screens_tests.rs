//! Pictures of the screens that are read by request.

use tidemill_common::api::code::{CodeExecuted, CodeStatus};
use tidemill_common::api::workflow::{Diagnostic, ValidationView};

use super::*;
use crate::app::data::{Data, Query};
use crate::app::effect::Purpose;
use crate::app::order::{Order, Outcome};
use crate::app::state::samples;

const MIDDLE: (u16, u16) = (120, 40);

impl Screen {
    fn data(&mut self, query: Query, data: Data) {
        self.answer(Answer::Data(query, Ok(data)));
    }

    /// The root screen of `digit`, with what the server gives it.
    fn root(size: (u16, u16), digit: &str) -> Self {
        let mut screen = Self::live(size);
        screen.keys(digit);
        screen.data(Query::Account, Data::Account(Box::new(samples::account())));
        for (_, query, data) in samples::answers() {
            screen.data(query, data);
        }
        screen
    }

    /// The workflow `invoice-sync`.
    fn workflow(size: (u16, u16)) -> Self {
        let mut screen = Self::live(size);
        screen.keys("3j<enter>");
        let id = || "invoice-sync".to_owned();
        screen.data(Query::Workflow(id()), Data::Workflow(Box::new(samples::detail())));
        screen.data(Query::Versions(id()), Data::Versions(samples::versions()));
        screen.data(Query::Version(id(), 14), Data::Version(Box::new(samples::version(14))));
        screen.data(Query::Metrics(Some(id())), Data::Metrics(samples::metrics()));
        screen
    }
}

#[test]
fn a_filter_that_nothing_passes_is_named() {
    let mut screen = Screen::root(SMALL, "9");
    screen.keys("/zzz<enter>");
    picture!(secrets_filter_empty, screen);
}

#[test]
fn dead_letters_are_marked_and_replayed() {
    let mut screen = Screen::root(SMALL, "4");
    screen.keys("r");
    picture!(dead_letters_replay, screen);
    screen.keys("<esc><enter>");
    let fingerprint = "3f9c2b7a11d0e845".to_owned();
    screen.data(Query::DeadLetters(fingerprint), Data::DeadLetters(samples::letters()));
    screen.keys("  j ");
    picture!(letters_marked, screen);
    screen.keys("D");
    picture!(letters_discard, screen);
}

#[test]
fn a_list_is_ordered_by_a_column() {
    let mut screen = Screen::root(SMALL, "6");
    screen.keys("s");
    picture!(metrics_sort, screen);
    screen.keys("<down><enter>");
    picture!(metrics_sorted, screen);
}

#[test]
fn forms() {
    let mut screen = Screen::root(SMALL, "9");
    screen.keys("nshop<enter>hunter2");
    picture!(secret_form, screen);
    let mut screen = Screen::workflow(SMALL);
    screen.keys("r");
    picture!(start_form, screen);
    screen.state.place.protected = Some("prod".into());
    screen.keys("<esc>D");
    picture!(protected, screen);
    let mut screen = Screen::root(SMALL, "a");
    screen.keys("A");
    picture!(approve_form, screen);
}

#[test]
fn workflow() {
    for (size, columns) in [(SMALL, 80), (MIDDLE, 120), (LARGE, 200)] {
        let mut screen = Screen::workflow(size);
        insta::assert_snapshot!(format!("workflow_{columns}"), screen.text());
        screen.keys("3");
        insta::assert_snapshot!(format!("workflow_versions_{columns}"), screen.text());
    }
    let mut screen = Screen::workflow(SMALL);
    screen.keys("2");
    picture!(workflow_file, screen);
    screen.keys("4");
    picture!(workflow_executions, screen);
    screen.keys("5");
    picture!(workflow_metrics, screen);
}

#[test]
fn a_draft_shows_what_is_wrong_in_place() {
    let mut screen = Screen::workflow(SMALL);
    let source = samples::FILE.replace("uses: transform", "uses: transfrom");
    let purpose = Purpose::Workflow { id: "invoice-sync".into(), base: Some(15) };
    screen.event(Event::Edited(purpose, Ok(Some(source.clone()))));
    let error = Diagnostic {
        line: 15,
        column: 11,
        path: "steps[1].uses".into(),
        code: "unknown_step_type".into(),
        message: "there is no step type `transfrom`".into(),
        suggestion: Some("did you mean `transform`?".into()),
    };
    let view = ValidationView { valid: false, errors: vec![error], warnings: vec![], steps: vec![] };
    screen.data(Query::Validation { workflow: "invoice-sync".into(), source }, Data::Validation(view));
    picture!(workflow_draft, screen);
}

#[test]
fn code() {
    let mut screen = Screen::live(SMALL);
    screen.keys("7");
    picture!(code_80, screen);
    screen.keys("r");
    let executed = CodeExecuted {
        status: CodeStatus::Succeeded,
        output: Some(serde_json::json!({"greeting": "hello world"})),
        error: None,
        log: "looking at world\n".into(),
        duration_ms: 2.4,
        peak_memory_bytes: Some(3_400_000),
    };
    let code = tidemill_common::api::code::CodeExecute {
        language: tidemill_common::step_protocol::Language::Python,
        runtime: None,
        code: String::new(),
        input: None,
        timeout_ms: None,
        memory_mib: None,
    };
    let (order, result) = (Box::new(Order::Execute(Box::new(code))), Ok(Outcome::Code(Box::new(executed))));
    screen.answer(Answer::Sent { order, result, left: 0 });
    picture!(code_executed, screen);
}

#[test]
fn values_are_folded_and_several_are_cancelled() {
    let mut screen = Screen::live(SMALL);
    screen.open(15);
    screen.keys("kkk2<tab>jj ");
    picture!(execution_folded, screen);
    let mut screen = Screen::live(SMALL);
    screen.keys("2   ");
    picture!(executions_marked, screen);
    screen.keys("*C");
    picture!(executions_cancel_many, screen);
}

#[test]
fn every_screen_fits_every_size_in_every_tier() {
    for colors in Colors::ALL {
        for size in [(60, 15), SMALL, (99, 15), MIDDLE, (160, 50), LARGE] {
            let mut screen = Screen::root(size, "1");
            screen.theme = Theme { colors, ascii: colors == Colors::Mono, links: false };
            for keys in
                ["4", "r", "<esc>D<esc><enter>", "5", "6", "7", "8", "9n", "<esc>0n", "<esc>3j<enter>", "2", "3", "4", "5"]
                    .into_iter()
                    .chain(["gp", "n", "<esc>gi", "n", "<esc>gc", "n", "<esc>gq", "gu", "gl", "<enter>", "<esc>ge", "gn", "gs"])
                    .chain(["g2V", "<esc>c", "<esc>B"])
            {
                screen.keys(keys);
                let buffer = screen.buffer();
                if colors == Colors::Mono {
                    let plain = |cell: &ratatui::buffer::Cell| cell.fg == Color::Reset && cell.symbol().is_ascii();
                    assert!(buffer.content.iter().all(plain), "{size:?} after {keys}\n{}", screen.text());
                }
            }
        }
    }
}

#[test]
fn who_may_not_is_told_so() {
    let mut account = samples::account();
    (account.workspace.role, account.organization_admin) = (tidemill_common::api::workspace::Role::Viewer, false);
    let mut screen = Screen::live(SMALL);
    screen.data(Query::Account, Data::Account(Box::new(account)));
    screen.keys("gi");
    let failure = Failure { code: "forbidden".into(), message: "this needs the role admin".into(), request_id: None };
    screen.answer(Answer::Data(Query::Invites, Err(failure)));
    picture!(invites_forbidden, screen);
    screen.keys("n");
    picture!(invites_may_not, screen);
    screen.keys("?");
    picture!(invites_help, screen);
}

#[test]
fn forms_about_people_and_plans() {
    let mut screen = Screen::root(SMALL, "gp");
    screen.keys("je");
    picture!(member_role, screen);
    screen.keys("<esc>D");
    picture!(member_remove, screen);
    screen.keys("<esc>n");
    picture!(member_add, screen);
    let mut screen = Screen::root(SMALL, "gi");
    screen.keys("n");
    picture!(invite_form, screen);
    let mut screen = Screen::root(SMALL, "gc");
    screen.keys("n");
    picture!(credential_form, screen);
    let mut screen = Screen::root(SMALL, "gu");
    screen.keys("U");
    picture!(plan_down, screen);
    screen.keys("<esc>jjU");
    picture!(plan_up, screen);
    let mut screen = Screen::root(SMALL, "ge");
    screen.keys("jA");
    picture!(subscription_disable, screen);
    screen.keys("n<esc><enter>");
    let (id, name) = (samples::around::subscription(), "ops.example");
    let mut screen = Screen::root(SMALL, "ge");
    screen.keys("<enter>");
    screen.data(Query::Deliveries(id), Data::Deliveries(samples::around::deliveries()));
    picture!(deliveries_80, screen);
    assert!(screen.text().contains(name));
    screen.keys("<enter>");
    picture!(delivery_whole, screen);
}

#[test]
fn the_dashboard_says_how_plan_nodes_and_sandbox_are() {
    for (size, columns) in [(SMALL, 80), (LARGE, 200)] {
        let screen = Screen::root(size, "1");
        insta::assert_snapshot!(format!("dashboard_whole_{columns}"), screen.text());
    }
}

#[test]
fn settings() {
    for (size, columns) in [(SMALL, 80), (LARGE, 200)] {
        let mut screen = Screen::root(size, "1");
        screen.keys("gs");
        insta::assert_snapshot!(format!("settings_{columns}"), screen.text());
    }
    let mut screen = Screen::new(SMALL);
    screen.state.place.readonly = true;
    screen.keys("gs");
    picture!(settings_unknown, screen);
}

#[test]
fn forms_about_the_account() {
    let mut screen = Screen::root(SMALL, "gs");
    screen.keys("jjjjjjjjje<enter>hunter2");
    picture!(password_form, screen);
    screen.keys("<esc>je");
    picture!(second_factor_form, screen);
    screen.keys("<esc>je");
    picture!(device_form, screen);
    screen.keys("<esc>jD");
    picture!(account_erase, screen);
    let mut screen = Screen::root(SMALL, "gk");
    screen.keys("D");
    picture!(session_end, screen);
    let mut screen = Screen::root(SMALL, "gw");
    screen.keys("jjX");
    picture!(workspace_leave, screen);
    let mut screen = Screen::root(SMALL, "gz");
    screen.keys("je");
    picture!(organization_plan, screen);
}

#[test]
fn files_and_the_whole_audit_log() {
    let mut screen = Screen::root(SMALL, "gv");
    screen.keys("S");
    picture!(invoice_save, screen);
    let mut screen = Screen::root(SMALL, "gl");
    screen.keys("S");
    picture!(audit_save, screen);
    screen.keys("<esc>W");
    let whole = crate::app::state::listing::AuditFilter { whole: true, ..Default::default() };
    let (_, _, page) = samples::answers().into_iter().find(|(root, ..)| *root == crate::app::state::Root::Audit).unwrap();
    screen.data(Query::Audit(whole), page);
    picture!(audit_whole, screen);
}

#[test]
fn what_an_authenticator_app_needs_is_shown_once() {
    let mut screen = Screen::root(SMALL, "gs");
    let enrolled = crate::app::order::Enrolled {
        secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".into(),
        url: "otpauth://totp/Tidemill:ann@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Tidemill".into(),
    };
    let order = Box::new(Order::Account(crate::app::order::AccountOrder::FactorBegin));
    screen.state.batch.begin(1, order.verbed());
    screen.answer(Answer::Sent { order, result: Ok(Outcome::Enrolled(enrolled)), left: 0 });
    picture!(second_factor_secret, screen);
    screen.keys("<enter>");
    picture!(second_factor_code, screen);
}

#[test]
fn views_columns_and_bulk_orders() {
    let mut screen = Screen::root(SMALL, "2");
    screen.keys("c<down><down><down><enter>");
    picture!(executions_columns, screen);
    screen.keys("<esc>s<down><down><enter>");
    picture!(executions_longest, screen);
    screen.keys("V");
    picture!(executions_views, screen);
    screen.keys("<esc>/status:failed<enter>B");
    picture!(bulk_form, screen);
    let order = tidemill_common::api::bulk::BulkOrder {
        action: tidemill_common::api::bulk::BulkAction::Retry,
        workflow: None,
        status: vec![tidemill_common::status::ExecutionStatus::Failed],
        since: None,
        until: Some(screen.now),
        rate: Some(10),
        reason: None,
        from: tidemill_common::api::control::RetryFrom::Failed,
        patch: None,
        dry_run: true,
    };
    let tidemill_common::api::bulk::BulkView { id, by, created_at, .. } = samples::around::order();
    let view = tidemill_common::api::bulk::BulkView {
        id,
        action: order.action,
        state: tidemill_common::api::bulk::BulkState::DryRun,
        count: Some(312),
        done: 0,
        skipped: 0,
        by,
        created_at,
        finished_at: None,
    };
    screen.data(Query::Fitting(Box::new(order)), Data::Fitting(Box::new(view)));
    picture!(bulk_count, screen);
}
