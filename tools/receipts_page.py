"""What ``receipts.md`` says before its table."""

RECEIPTS = """\
# Receipts

Every manifest gets two files under the agency's own prefix: a receipt for programs and, for people, a return
slip. Where something is to be sent again a third one makes the next manifest.

    landing/receipts/<agency>/<batch>/<first 12 hex of the manifest's SHA-256>.json
    landing/receipts/<agency>/<batch>/<first 12 hex of the manifest's SHA-256>.html
    landing/receipts/<agency>/<batch>/<first 12 hex of the manifest's SHA-256>.gui-lai.html

## The return slip

![A return slip, on a desk and on a telephone](pictures/slip.png)

One HTML file in Vietnamese that needs nothing else, readable on a telephone and printed in black and white. It
says how many documents are accepted, to be sent again, waiting for a person, waived or not scanned; for each
document to be sent again it shows the bad pages with the defect marked, the measured value against its limit,
the usual cause and what to do at the scanner: first the cause, then what may only be its consequence. One
faulty document prints on one sheet. Documents in review say since when they wait and for whom, documents that
were not scanned who scans them (`SOHOA_WAIVER_CONTACT`, `SOHOA_UNSCANNED_CONTACT`), notes what to do better
next time. Accepted documents carry over. It is made from the receipt and its pictures alone, so the same
receipt gives the same bytes. No script runs in it and nothing is fetched; a content security policy says so to
the browser. Texts of an agency are escaped, cut to 200 characters and freed of characters that turn the line.

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

## The way back

`….gui-lai.html` makes the manifest of the next batch. A manifest holds the size and SHA-256 of each file, which
nobody can write by hand, and the day of the new scan, which is not known when the slip is written: so it cannot lie
there ready. The page holds the rest (new document ids, the ids that they replace, dossier, kind, scanner, a batch
number that nobody else proposes). The clerk opens it in a browser, chooses the new files and gets `<batch>.json`,
with the folders that files and manifest go to. It works offline and from a folder, sends nothing, and is written
again with each decision; when nothing is left to be sent again it is deleted. Programs find the same under `resend`
in the receipt.

## The receipt

The receipt of an admitted batch names each defect and says what to do about it, in Vietnamese and English, as
[defects.md](defects.md) does. `duplicates` says of which earlier page a page is the copy, `sheets` whether the
tiles of a large sheet show all of it. `measured` holds each limit that a page fails, with the value, the unit
and the place on the page (x, y, width, height as shares of it; a line has no width); `is_faulty` says whether the
slip shows a page; `outcome` is what becomes
of a document after its verdict and the newest decision, `counts` adds them up, and `resend` is the document as
the manifest of the next batch lists it.

A batch that is **judged again** under other limits gets one more receipt and slip, and what was delivered stays as it
is: `<sha12>.lai-<nn>-<limits>.json`, where `nn` counts them and `limits` is the limits' version, as `judged_again` in
the receipt says. The newest holds; in a listing it comes after the first.

A refused manifest changes nothing else. Its receipt tells all that is wrong at once: `problems` has one entry for each
kind of fault, with its places in words (the first 20, `more` counts the others) and the allowed values; `way_back_vi`
says whether the batch id may be used again. `reason` is the first of these codes. A batch whose manifest never came is
given up after a term: its receipt is `abandoned.json`, with `abandoned.html`, and has an empty `manifest_sha256`.

"""
