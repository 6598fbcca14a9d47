#!/usr/bin/env python3
"""Makes reviews.tsv, capitals.tsv and questions.txt from three packages: see LICENSES.md.

    pip download --no-deps --no-binary :all: vaderSentiment==3.3.1
    pip download --no-deps countryinfo==1.0.1
    pip download --no-deps chatterbot-corpus==1.3.3
    python3 extract.py vaderSentiment-3.3.1.tar.gz countryinfo-1.0.1-py3-none-any.whl chatterbot_corpus-1.3.3-py2.py3-none-any.whl
"""
import hashlib, io, json, re, sys, tarfile, zipfile

SNIPPETS = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"
EACH = 200  # reviews of each label
TOPICS = "food health history literature money movies politics psychology science sports trivia tech_support".split()
ASKS = re.compile(r"(What|Who|Where|When|Which|Why|How|Do|Does|Is|Are|Can|Tell|In|On) [^A-Z]{2}")


def order(text):
    return hashlib.sha256(text.encode()).hexdigest()


def reviews(sdist):
    outer = tarfile.open(sdist)
    inner = next(m for m in outer if m.name.endswith("hutto_ICWSM_2014.tar.gz"))
    lines = tarfile.open(fileobj=io.BytesIO(outer.extractfile(inner).read())).extractfile(SNIPPETS).read().decode("latin-1")
    found = {"positive": set(), "negative": set()}
    for line in lines.splitlines():
        _, rating, text = line.split("\t", 2)
        text = " ".join(text.split())
        if abs(float(rating)) >= 1.5 and 25 <= len(text) <= 110 and text.isascii() and '"' not in text:
            found["positive" if float(rating) > 0 else "negative"].add(text)
    chosen = [(text, label) for label, texts in found.items() for text in sorted(texts, key=order)[:EACH]]
    return sorted(chosen, key=lambda row: order(row[0]))


def capitals(wheel):
    files = zipfile.ZipFile(wheel)
    rows = []
    for name in files.namelist():
        if name.startswith("countryinfo/data/") and name.endswith(".json"):
            c = json.loads(files.read(name))
            country, capital = c.get("name", ""), c.get("capital", "")
            if c.get("population", 0) > 2_000_000 and country and capital and (country + capital).isascii():
                rows.append((country, capital))
    return sorted(rows, key=lambda row: order(row[0]))


def questions(wheel):
    files = zipfile.ZipFile(wheel)
    found = set()
    for topic in TOPICS:
        text = re.sub(r"\n    (?=\S)", " ", files.read(f"chatterbot_corpus/data/english/{topic}.yml").decode())
        for first in re.findall(r"^- - (.+)$", text, re.M):
            first = first.strip().strip("'\"").replace("''", "'")
            first = first[:1].upper() + first[1:]
            if first.isascii() and 15 <= len(first) <= 80 and ":" not in first and ASKS.match(first):
                found.add(first if first[-1] in "?.!" else first + "?")
    return [(q,) for q in sorted(found, key=order)[:150]]


if __name__ == "__main__":
    pairs = [("in", "out")]
    for name, rows in [
        ("reviews.tsv", pairs + reviews(sys.argv[1])),
        ("capitals.tsv", pairs + capitals(sys.argv[2])),
        ("questions.txt", questions(sys.argv[3])),
    ]:
        with open(name, "w") as f:
            f.writelines("\t".join(row) + "\n" for row in rows)
