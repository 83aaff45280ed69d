"""What ``receipts.md`` says before its table."""

RECEIPTS = """\
# Receipts

Every manifest gets two files under the agency's own prefix: a receipt for programs and, for people, a return
slip.

    landing/receipts/<agency>/<batch>/<first 12 hex of the manifest's SHA-256>.json
    landing/receipts/<agency>/<batch>/<first 12 hex of the manifest's SHA-256>.html

## The return slip

![A return slip, on a desk and on a telephone](pictures/slip.png)

One HTML file in Vietnamese that needs nothing else, readable on a telephone and printed in black and white. It
says how many documents are accepted, to be sent again, waiting for a person, waived or not scanned; for each
document to be sent again it shows the bad pages with the defect marked, the measured value against its limit,
the usual cause, what to do at the scanner, and what to write into `replaces`. Accepted documents carry over. It
is made from the receipt and its pictures alone, so the same receipt gives the same bytes. No script runs in it
and nothing is fetched; a content security policy says so to the browser. Texts of an agency are escaped, cut to
200 characters and freed of characters that turn the line.

**Pictures** have at most 320 px and some 10 kB, are drawn by a guarded process only of pages that failed (the
first bad page of every document before the second of any, `SOHOA_PICTURES_PER_BATCH` of them), and lie beside
the receipt as `….pictures.json` and in the slip, nowhere else. Mail never carries them. `SOHOA_PICTURES_DAYS`
after a batch was received the next check deletes them in all their versions and writes the slip again without;
what it says stays. "After" is counted from the newest batch of that check, not from a clock.

**What cannot be scanned any better** is not scanned again and again: the clerk tells whom
`SOHOA_WAIVER_CONTACT` names, and who may decide records it (`sohoa review waive --agency … --document …
--approver … --reason …`): a row of the table `reviews`. Receipt and slip are then written again with the
decision, who made it and why; a waived document is counted apart from accepted ones. Only a document that was
received can be waived.

## The receipt

The receipt of an admitted batch names each defect and says what to do about it, in Vietnamese and English, as
[defects.md](defects.md) does. `duplicates` says of which earlier page a page is the copy, `sheets` whether the
tiles of a large sheet show all of it. `measured` holds each limit that a page fails, with the value, the unit
and the place on the page (x, y, width, height as shares of it; a line has no width); `is_faulty` says whether the
slip shows a page; `outcome` is what becomes
of a document after its verdict and the newest decision, `counts` adds them up, and `resend` is the document as
the manifest of the next batch lists it.

A refused manifest changes nothing else. Its receipt carries one of these codes. A batch whose manifest never came is
given up after a term: its receipt is `abandoned.json`, with `abandoned.html`, and has an empty `manifest_sha256`.

"""
