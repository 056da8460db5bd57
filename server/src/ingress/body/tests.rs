//! Bodies of every type that is read, and of types and shapes that are not.

use serde_json::json;

use super::*;

async fn read(content_type: &str, body: &str) -> Result<Value, BodyError> {
    parse(Some(content_type), body.as_bytes()).await
}

#[tokio::test]
async fn a_body_is_read_by_its_type() {
    for (content_type, body, value) in [
        ("application/json; charset=utf-8", r#"{"a":1}"#, json!({"a": 1})),
        ("application/cloudevents+json", "[1]", json!([1])),
        ("application/x-www-form-urlencoded", "a=1&b=x+y&a=%C3%BC", json!({"a": ["1", "ü"], "b": "x y"})),
        ("text/plain", "hello", json!("hello")),
        ("application/json", "", Value::Null),
    ] {
        assert_eq!(read(content_type, body).await.unwrap(), value, "{content_type}");
    }
    assert_eq!(parse(None, b"7").await.unwrap(), json!(7));
}

#[tokio::test]
async fn what_can_not_be_read_is_refused() {
    let deep = "[".repeat(100) + &"]".repeat(100);
    let deeper = "[".repeat(100_000);
    for (content_type, body) in [
        ("application/json", "{"),
        ("application/json", deep.as_str()),
        ("application/json", deeper.as_str()),
        ("multipart/form-data", "x"),
        ("multipart/form-data; boundary=x", "nothing of the kind"),
        ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n"),
    ] {
        assert!(matches!(read(content_type, body).await, Err(BodyError::Malformed(_))), "{content_type}");
    }
    assert!(matches!(parse(Some("text/plain"), b"\xff").await, Err(BodyError::Malformed(_))));
    assert!(matches!(read("image/png", "x").await, Err(BodyError::Unsupported(_))));
    // The bytes of one type under the name of another are never guessed at.
    assert!(matches!(read("application/json", "a=1&b=2").await, Err(BodyError::Malformed(_))));
}

fn part(head: &str, body: &str) -> String {
    format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
}

#[tokio::test]
async fn a_multipart_form_has_texts_and_files() {
    let file = "--x\r\nContent-Disposition: form-data; name=\"scan\"; filename=\"../../etc/passwd\"\r\nContent-Type: image/png\r\n\r\nPNG\r\n";
    let body = part("name=\"a\"", "1") + &part("name=\"a\"", "ü") + file + "--x--\r\n";
    let value = read("multipart/form-data; boundary=x", &body).await.unwrap();
    let scan = json!({"file_name": "../../etc/passwd", "content_type": "image/png", "size": 3, "base64": "UE5H"});
    assert_eq!(value, json!({"a": ["1", "ü"], "scan": scan}), "the name is data and nothing else");
}

#[tokio::test]
async fn xml_is_an_object_of_its_elements() {
    let body = "<?xml version=\"1.0\"?>\n<order id=\"7\"><sku>a</sku><sku>b &amp; c</sku><note><![CDATA[<hi>]]></note><empty/></order>";
    let expected = json!({"order": {"@id": "7", "sku": ["a", "b & c"], "note": "<hi>", "empty": ""}});
    for content_type in ["application/xml", "text/xml; charset=utf-8", "application/soap+xml"] {
        assert_eq!(read(content_type, body).await.unwrap(), expected, "{content_type}");
    }
    assert_eq!(read("text/xml", "<a x='1'>t<b/></a>").await.unwrap(), json!({"a": {"@x": "1", "b": "", "#text": "t"}}));
    let names = read("text/xml", "<__proto__><constructor>x</constructor></__proto__>").await.unwrap();
    assert_eq!(names, json!({"__proto__": {"constructor": "x"}}), "names are data");
}

#[tokio::test]
async fn bombs_and_broken_xml_are_refused_fast() {
    let begin = std::time::Instant::now();
    let laughs = "<!DOCTYPE lolz [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><l>&b;</l>";
    let file = "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>";
    let deep = "<a>".repeat(100_000);
    let wide = format!("<r>{}</r>", "<a/>".repeat(200_000));
    for body in [
        laughs,
        file,
        "<a>&unknown;</a>",
        "<a></b>",
        "<a>",
        "</a>",
        "<a/><b/>",
        "x<a/>",
        "<a b=1/>",
        "<a b='1' b='2'/>",
        &deep,
        &wide,
    ] {
        let shown = body.chars().take(60).collect::<String>();
        assert!(matches!(read("application/xml", body).await, Err(BodyError::Malformed(_))), "{shown}");
    }
    assert!(begin.elapsed() < std::time::Duration::from_secs(5));
}
