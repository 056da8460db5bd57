//! One binary for all tests that cross rooms.
//!
//! Each file is a topic; everything goes through the real binary. What the topics share: [`scene`] (a server with workflows
//! on it), [`endpoint`] (an HTTP server that workflows call), [`audit`] (what must hold in the database at the end).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first thing that is not as it should be")]
#![expect(clippy::format_collect, clippy::format_push_string, reason = "a test builds small texts")]

mod acme;
mod activation;
mod admission;
mod audit;
mod backup;
mod bad_input;
mod bench;
mod browser;
mod bulk;
mod calls;
mod cli;
mod clients;
mod clocks;
mod concurrency;
mod condition;
mod configuration;
mod control;
mod dead_letters;
mod demo;
mod doctor;
mod documentation;
mod endpoint;
mod execution;
mod failures;
mod files;
mod form;
mod golden;
mod inside;
mod journal_crash_points;
mod limits;
mod link;
mod mailbox;
mod manners;
mod memory;
mod metrics;
mod nodes;
mod observability;
mod operations;
mod outbound;
mod pages;
mod payloads;
mod payments;
mod people;
mod plans;
mod postgres_tls;
mod postgres_upgrade;
mod recovery;
mod rolling;
mod sandbox;
mod scene;
mod schedule;
mod selftest;
mod sharing;
mod slow_line;
mod ssh;
mod stream;
mod subscription;
mod teams;
mod tenancy;
mod terminal;
mod tidy;
mod tls;
mod traces;
mod tui;
mod webhook;
mod webhook_answers;
mod why;
mod workflow_lifecycle;
