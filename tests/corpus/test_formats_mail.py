"""Messages and mailboxes, written by the standard library's own email and mailbox modules."""

import mailbox
from email.message import EmailMessage
from pathlib import Path

import pytest
from canonical import entries, headings, items, one
from data_handbooks import MailHandbook, mail_message
from formats import AskHandbook, write_handbook

from corpus.formats import mail
from corpus.formats.extracted import NotExtracted


def load(written: EmailMessage) -> str:
    return one(mail.load(written.as_bytes())).text


def test_answers_are_those_of_the_original(ask_handbook: AskHandbook) -> None:
    book = MailHandbook()
    write_handbook(book)
    ask_handbook("handbook.eml", book.content())


def test_the_headers_are_title_and_metadata() -> None:
    assert load(
        mail_message(
            subject="Re: AW: Leave für Gäste",
            Archived_At="<https://lists.x.org/7>",
            Content_Language="en",
        )
    ) == (
        '---\ndate: "2024-05-01"\nauthor: "Ann Lee"\nurl: "https://lists.x.org/7"\nlanguage: "en"\n---\n\n'
        "# Leave für Gäste\n\nYou have 25 days.\n"
    )


def test_footer_of_a_mailing_list_is_left_out() -> None:
    footer = "-" * 60 + "\nTo unsubscribe, e-mail: users-unsubscribe@lists.x.org\n"
    extracted = one(mail.load(mail_message(text=f"You have 25 days.\n\n{footer}").as_bytes()))
    assert extracted.text.endswith("You have 25 days.\n")
    assert extracted.left_out == ("1 list footer",)
    ruled = f"{'-' * 60}\nYou have 25 days.\n"
    assert "25 days" in load(mail_message(text=ruled))


def test_of_several_forms_the_plain_text_is_read_and_attachments_are_named() -> None:
    written = mail_message(text="Plain words.\n")
    written.add_alternative("<p>HTML words.</p>", subtype="html")
    written.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Pläne.pdf")
    extracted = one(mail.load(written.as_bytes()))
    assert "Plain words." in extracted.text and "HTML words." not in extracted.text
    assert extracted.left_out == ("attachment Pläne.pdf",)


def test_lists_and_wrapped_lines_are_recognised_and_the_signature_left_out() -> None:
    extracted = one(
        mail.load(
            mail_message(
                text="Please bring a passport or\nanother document to the office.\n\n- one key\n- two photos\n\n-- \nAnn, desk 4\n"
            ).as_bytes()
        )
    )
    assert "Please bring a passport or another document to the office.\n" in extracted.text
    assert items(extracted.text) == ["one key", "two photos"]
    assert extracted.left_out == ("1 signature",)


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "utf-16"])
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_charsets_and_transfer_encodings_are_decoded(charset: str, encoding: str) -> None:
    written = mail_message()
    written.set_content("Für Gäste gilt das.\n", charset=charset, cte=encoding)
    assert "Für Gäste gilt das." in load(written)


def test_a_charset_that_is_wrong_or_unknown_is_recognised() -> None:
    raw = b"Subject: x\nContent-Type: text/plain; charset=%s\n\nF\xfcr G\xe4ste gilt das.\n"
    for charset in (b"utf-8", b"nonsense-9"):
        assert "Für Gäste gilt das." in one(mail.load(raw % charset)).text


def test_rules_divide_and_binary_parts_that_say_they_are_text_are_left_out() -> None:
    text = (
        f"A line that is long enough to be one that was wrapped there\n{'=' * 60}\nOther words.\n"
    )
    written = mail_message(text=text)
    written.add_attachment(
        b"\x89PNG\x00\x00\x00\xff\xfe" * 9, "text", "plain", disposition="inline"
    )
    extracted = one(mail.load(written.as_bytes()))
    assert extracted.text.endswith("wrapped there\n\nOther words.\n")
    assert extracted.left_out == ("attachment text/plain",)


def test_a_forwarded_message_stands_behind_the_one_it_is_in() -> None:
    written = mail_message(text="See below.\n")
    written.add_attachment(mail_message(subject="Fwd: Prices", text="It costs 5 €.\n"))
    text = load(written)
    assert headings(text) == ["Leave", "Prices"] and text.endswith("It costs 5 €.\n")


def test_quoted_lines_of_a_single_message_are_kept() -> None:
    text = load(mail_message(text="Yes, it is.\n\nOn Monday, Bob wrote:\n> Is it open?\n"))
    assert "Is it open?" in text and ">" not in text.split("---")[-1]


def written_mailbox(path: Path, *messages: EmailMessage) -> bytes:
    box = mailbox.mbox(path)
    for each in messages:
        box.add(each)
    box.close()
    return path.read_bytes()


def test_each_message_of_a_mailbox_is_a_document_with_its_place(tmp_path: Path) -> None:
    answer = mail_message(text="Yes.\n\nFrom Monday on.\n\nOn Monday, Bob wrote:\n> Is it open?\n")
    raw = written_mailbox(tmp_path / "m.mbox", mail_message(), answer, mail_message(text=""))
    first, second, mailbox = mail.load(raw)
    assert (first.member, second.member) == ("1 Re: Leave", "2 Re: Leave")
    assert "<!-- message 2 -->" in second.text and "From Monday on." in second.text
    assert "open" not in second.text
    assert mailbox.left_out == ("2 quoted lines", "1 message not read (contains no text)")


def test_a_question_right_above_its_answer_is_kept_of_what_a_mailbox_quotes(tmp_path: Path) -> None:
    answer = mail_message(
        text="On Monday, 1 May 2024, Bob Someone\n<bob@x.org> wrote:\n> We have a shop.\n>\n> When is\n> it open?\n\n"
        "From nine.\n\n> It is far.\n\nTake a bus.\n\n-----Original Message-----\nFrom: Bob\n\nWe have a shop.\n"
    )
    _, second, mailbox = mail.load(written_mailbox(tmp_path / "m.mbox", mail_message(), answer))
    assert entries(second.text) == [("When is it open?", ["From nine."])]
    assert second.text.endswith("</details>\n\nTake a bus.\n")
    assert mailbox.left_out == ("10 quoted lines",)


def test_patches_and_logs_are_code_and_the_prose_around_them_is_not() -> None:
    patch = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,2 @@\n one\n-two\n\n"
    log = "2024-05-01 10:00:01 INFO starts\n2024-05-01 10:00:02 ERROR no disk\n  at Disk.find(Disk.java:1)\n"
    text = load(mail_message(text=f"See below:\n\n{patch}- a point\n\nIt fails:\n\n{log}\nWhy?\n"))
    assert (
        f"```\n{patch.rstrip()}\n```\n\n- a point\n\nIt fails:\n\n```\n{log}```\n\nWhy?\n" in text
    )


def test_what_archives_and_signing_programs_add_is_left_out() -> None:
    scrubbed = "-------------- next part --------------\nAn HTML attachment was scrubbed...\nURL: <http://x.org/a.htm>\n"
    signed = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n\nYou have 25 days.\n"
        "-----BEGIN PGP SIGNATURE-----\nVersion: GnuPG v1\n\niQ+/=\n-----END PGP SIGNATURE-----\n"
    )
    extracted = one(mail.load(mail_message(text=signed + scrubbed).as_bytes()))
    assert extracted.text.endswith("# Leave\n\nYou have 25 days.\n")
    assert extracted.left_out == ("1 signature", "1 removed attachment")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"no message\nat all\n", "no message"),
        (
            b"Subject: x\nContent-Type: multipart/encrypted; boundary=b\n\n--b\n\nx\n--b--\n",
            "encrypted",
        ),
        (b"Subject: x\nContent-Type: image/png\n\nabc\n", "no text .attachment image/png"),
    ],
)
def test_what_cannot_be_read_says_why(raw: bytes, reason: str) -> None:
    with pytest.raises(NotExtracted, match=reason):
        list(mail.load(raw))


def test_messages_in_messages_are_bounded() -> None:
    inner = mail_message(text="deep\n")
    for _ in range(30):
        outer = mail_message(text="x\n")
        outer.add_attachment(inner)
        inner = outer
    extracted = one(mail.load(inner.as_bytes()))
    assert "deep" not in extracted.text and any(
        "nested part" in each for each in extracted.left_out
    )


def test_a_sender_of_thousands_of_brackets_is_unknown() -> None:
    assert (
        one(mail.load(b"Subject: x\nFrom: " + b"(" * 50_000 + b"\n\nText.\n")).text
        == "# x\n\nText.\n"
    )
