"""Downloads an INBOX with Python's own mail libraries: imaplib or poplib.

python-client.py PROTOCOL SECURITY PORT CERTIFICATE USER PASSWORD FOLDER
"""
import imaplib
import poplib
import ssl
import sys

protocol, security, port, certificate, user, password, folder = sys.argv[1:]
# poplib refuses lines over 2048 bytes, which real mail has
poplib._MAXLINE = 100_000
context = ssl.create_default_context(cafile=certificate)
host = "127.0.0.1"


def write(number, content):
    with open(f"{folder}/message.{number}", "wb") as file:
        file.write(content)


def read_imap():
    if security == "tls":
        server = imaplib.IMAP4_SSL(host, int(port), ssl_context=context)
    else:
        server = imaplib.IMAP4(host, int(port))
    if security == "starttls":
        server.starttls(ssl_context=context)
    server.login(user, password)
    server.select("INBOX", readonly=True)
    _, (numbers,) = server.search(None, "ALL")
    for number in numbers.split():
        status, ((_, content), *_) = server.fetch(number, "(RFC822)")
        assert status == "OK", status
        write(number.decode(), content)
    server.logout()


def read_pop3():
    if security == "tls":
        server = poplib.POP3_SSL(host, int(port), context=context)
    else:
        server = poplib.POP3(host, int(port))
    if security == "starttls":
        server.stls(context=context)
    server.user(user)
    server.pass_(password)
    total, _ = server.stat()
    for number in range(1, total + 1):
        _, lines, _ = server.retr(number)
        write(number, b"".join(line + b"\r\n" for line in lines))
    server.quit()


{"imap": read_imap, "pop3": read_pop3}[protocol]()
