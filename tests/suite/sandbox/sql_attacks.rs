//! Attacks in SQL.

use super::attacks::{Attack, DENIED, ERROR, End, MEMORY, NOTHING, TIMEOUT, TOO_LARGE};

const fn attack(name: &'static str, code: &'static str, end: &'static [End]) -> Attack {
    Attack { name, code, guarded: end, bare: end }
}

pub(super) const ATTACKS: &[Attack] = &[
    attack(
        "recursion without end",
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT sum(x) FROM c",
        &[TIMEOUT],
    ),
    attack(
        "rows without end",
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c",
        &[TOO_LARGE, TIMEOUT],
    ),
    attack(
        "cross joins",
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 3000) SELECT count(*) FROM c a, c b, c d, c e WHERE a.x + b.x + d.x + e.x = -1",
        &[TIMEOUT],
    ),
    attack("a large random value", "SELECT length(randomblob(900000000))", &[MEMORY]),
    attack("a large value of zeroes", "SELECT hex(zeroblob(900000000))", &[MEMORY]),
    attack(
        "a large formatted value",
        "SELECT length(printf('%.*c', 1000000000, 'x'))",
        &[MEMORY, End::Gives("[{\"length(printf('%.*c', 1000000000, 'x'))\":0}]"), ERROR],
    ),
    attack(
        "a value that doubles",
        "WITH RECURSIVE d(t, n) AS (SELECT 'xxxxxxxxxxxxxxxx', 0 UNION ALL SELECT t || t, n + 1 FROM d WHERE n < 40) SELECT length(t) FROM d",
        &[MEMORY],
    ),
    attack(
        "a table that fills memory",
        "CREATE TABLE t (x); WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) INSERT INTO t SELECT randomblob(100000) FROM c",
        &[MEMORY, TIMEOUT],
    ),
    attack("attach a file", "ATTACH '/etc/passwd' AS p", &[DENIED]),
    attack("attach a file that is made", "ATTACH DATABASE '/tmp/x.db' AS p; SELECT 1", &[DENIED]),
    attack("attach memory", "ATTACH ':memory:' AS p", &[DENIED]),
    attack("detach", "DETACH main", &[DENIED, ERROR]),
    attack("vacuum into a file", "VACUUM INTO '/tmp/x.db'", &[DENIED, ERROR]),
    attack("load an extension", "SELECT load_extension('/lib/x86_64-linux-gnu/libc.so.6')", &[DENIED, ERROR]),
    attack("read a file", "SELECT readfile('/etc/passwd')", &[DENIED, ERROR]),
    attack("write a file", "SELECT writefile('/tmp/x', 'x')", &[DENIED, ERROR]),
    attack("edit a file", "SELECT edit('x', 'vi')", &[DENIED, ERROR]),
    attack("pointers by the tokenizer", "SELECT fts3_tokenizer('simple')", &[DENIED, ERROR]),
    attack("pragma: writable schema", "PRAGMA writable_schema = ON", &[DENIED]),
    attack("pragma: temporary directory", "PRAGMA temp_store_directory = '/tmp'", &[DENIED]),
    attack("pragma: journal", "PRAGMA journal_mode = WAL", &[DENIED]),
    attack("pragma: mapped files", "PRAGMA mmap_size = 1000000000", &[DENIED]),
    attack("pragma: more memory", "PRAGMA hard_heap_limit = 0", &[DENIED]),
    attack("pragma as a function", "SELECT * FROM pragma_database_list", &[DENIED, ERROR]),
    attack("a virtual table", "CREATE VIRTUAL TABLE v USING fts5(x)", &[DENIED]),
    attack("a table of bytes", "SELECT * FROM sqlite_dbpage", &[DENIED, ERROR]),
    attack("a shell command", ".shell id", &[ERROR]),
    attack("an import of a file", ".import /etc/passwd t", &[ERROR]),
    attack("write to the schema", "UPDATE sqlite_schema SET sql = 'x'", &[ERROR, DENIED]),
    attack(
        "triggers without end",
        "CREATE TABLE t (x); CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO t VALUES (new.x + 1); END; INSERT INTO t VALUES (1); SELECT 'nothing' AS x",
        &[ERROR, End::Gives("[{\"x\":\"nothing\"}]")],
    ),
    attack(
        "an expression that is too deep",
        concat!(
            "SELECT ",
            "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((",
            "1"
        ),
        &[ERROR],
    ),
    attack(
        "an expensive pattern",
        "SELECT 'nothing' AS x FROM (SELECT replace(hex(zeroblob(2000)), '0', 'a') AS t) WHERE t LIKE '%a%a%a%a%a%a%a%a%a%a%a%b'",
        &[TIMEOUT, End::Gives("[]"), NOTHING],
    ),
    attack("a parameter without a name", "SELECT ?", &[ERROR]),
    attack("a parameter that is not given", "SELECT :nothing", &[ERROR]),
    attack("a statement with a zero byte", "SELECT 1\u{0} FROM", &[ERROR, End::Gives("[{\"1\":1}]")]),
];
