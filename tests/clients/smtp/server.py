"""A mail server for tests (aiosmtpd): TLS, STARTTLS and plain, on free ports; writes down what it takes.

Usage: server.py DIR. Writes DIR/ca.pem, DIR/ports.json when it listens, and a line of JSON per mail to DIR/mails.jsonl.
"""

import asyncio
import email
import email.policy
import json
import os
import ssl
import subprocess
import sys

from aiosmtpd.smtp import SMTP, AuthResult

DIR = sys.argv[1]


class Sink:
    """Keeps every mail."""

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        plain = message.get_body(("plain",))
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "subject": message["Subject"],
            "headers": message.keys(),
            "text": plain.get_content().replace("\r\n", "\n").rstrip("\n"),
            "attachments": {part.get_filename(): part.get_content() if part.get_content_maintype() == "text" else part.get_content().decode() for part in message.iter_attachments()},
            "user": session.auth_data.decode() if session.auth_data else None,
        }
        with open(os.path.join(DIR, "mails.jsonl"), "a", encoding="utf-8") as file:
            file.write(json.dumps(mail, ensure_ascii=False) + "\n")
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    """Lets in who knows the password."""
    good = data.login == b"ada" and data.password == b"canary-mail"
    return AuthResult(success=good, auth_data=data.login)


def certificate():
    """A certificate authority, and a certificate of it for localhost."""
    run = lambda *args: subprocess.run(["openssl", *args], check=True, cwd=DIR, capture_output=True)
    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test CA", "-addext", "basicConstraints=critical,CA:TRUE")
    run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=localhost")
    with open(os.path.join(DIR, "extensions"), "w", encoding="utf-8") as file:
        file.write("subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
    run("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "cert.pem", "-days", "2", "-extfile", "extensions")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(DIR, "cert.pem"), os.path.join(DIR, "key.pem"))
    return context


async def main():
    context = certificate()
    loop = asyncio.get_running_loop()
    sink = Sink()
    signed_in = {"authenticator": authenticate, "auth_required": True}
    kinds = {
        "tls": (lambda: SMTP(sink, auth_require_tls=False, **signed_in), context),
        "starttls": (lambda: SMTP(sink, tls_context=context, require_starttls=True, **signed_in), None),
        "plain": (lambda: SMTP(sink), None),
    }
    ports = {}
    for name, (factory, tls) in kinds.items():
        server = await loop.create_server(factory, "127.0.0.1", 0, ssl=tls)
        ports[name] = server.sockets[0].getsockname()[1]
    path = os.path.join(DIR, "ports.json")
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(ports, file)
    os.rename(path + ".new", path)
    await asyncio.Event().wait()


asyncio.run(main())
