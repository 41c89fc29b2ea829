"""Web pages of our own: an article as WordPress writes one, with whatever a test wants changed."""

from __future__ import annotations

import json

SITE = "https://monitor.example"
URL = f"{SITE}/2026/11/patrol-boats/"
BIO = "Nora covers Eurasia, the Middle East and Africa."
WORDS = (
    "Kazakhstan has ordered two patrol boats for its base at Aktau, the ministry said on Tuesday, after a tender that drew "
    "four bidders from three countries."
)
ARTICLE = f"""<p>{WORDS}</p>
<h2>What was ordered</h2>
<p>The boats are to be built in the country, with engines from abroad, and carry a small gun and a <a href="/radar">radar</a>.
The first of them is due in the spring of next year.</p>
<ul><li>Two boats of forty metres</li><li>Training for three crews</li></ul>
<blockquote><p>We shall guard our waters ourselves, said the minister at the yard.</p></blockquote>
<p>Neighbours on the Caspian have watched the programme with interest, since it follows orders of their own in the last three
years, and since few yards in the region have built anything of this size before.</p>"""
BOXES = {
    "author-info": f"""<div class="author-info"><h2>About Nora Quill</h2><div class="author-description"><p>{BIO}</p>
<a class="author-link" href="/author/nora/" rel="author">View all posts by Nora Quill <span>→</span></a></div></div>""",
    "PublishPress": f"""<div class="pp-multiple-authors-boxes-wrapper"><span><a href="/author/nora/" rel="author">Nora Quill</a>
</span><p>{BIO}</p></div>""",
    "Molongui": f"""<div class="m-a-box"><div class="m-a-box-title"><a href="/author/nora/">Nora Quill</a></div>
<div class="m-a-box-bio"><p>{BIO}</p></div></div>""",
    "Simple Author Box": f"""<div class="saboxplugin-wrap" itemprop="author"><div class="saboxplugin-authorname">
<a href="/author/nora/" rel="author"><span itemprop="name">Nora Quill</span></a></div><div class="saboxplugin-desc">
<p>{BIO}</p></div></div>""",
    "plain paragraphs": f"""<h3>About Nora Quill</h3><p>{BIO}</p>
<p><a href="/author/nora/">View all posts by Nora Quill →</a></p>""",
}


def graph(**article: object) -> dict[str, object]:
    """JSON-LD as Yoast writes it: nodes of one graph that point to one another."""
    person = f"{SITE}/#/schema/person/1"
    return {
        "@context": "https://schema.org",
        "@graph": [
            {
                "@type": "Article", "@id": f"{URL}#article", "headline": "Patrol boats for Aktau",
                "author": {"name": "Nora Quill", "@id": person}, "datePublished": "2026-11-24T08:15:30+00:00",
                "publisher": {"@id": f"{SITE}/#organization"}, "inLanguage": "en-GB", **article,
            },
            {"@type": "Organization", "@id": f"{SITE}/#organization", "name": "Example Security Monitor"},
            {
                "@type": "Person", "@id": person, "name": "Nora Quill", "description": "Writes of navies.",
                "url": f"{SITE}/author/nora/", "image": {"@type": "ImageObject", "url": "/nora.jpg"},
            },
        ],
    }  # fmt: skip


def linked(*documents: object) -> str:
    """JSON-LD in a page's head."""
    said = (one if isinstance(one, str) else json.dumps(one) for one in documents)
    return "".join(f'<script type="application/ld+json">{one}</script>' for one in said)


def page(
    body: str = ARTICLE, *, head: str = "", box: str = "", byline: str = "", after: str = "", lang: str = "en-GB"
) -> bytes:
    """A web page with this article: navigation before it, related posts, a newsletter and a footer after it."""
    return f"""<!doctype html><html lang="{lang}"><head><meta charset="utf-8">
<title>Patrol boats for Aktau - Example Security Monitor</title>
<meta property="og:title" content="Patrol boats for Aktau - Example Security Monitor">
<meta property="og:site_name" content="Example Security Monitor"><link rel="canonical" href="/2026/11/patrol-boats/">{head}</head>
<body><nav><ul><li><a href="/">Home</a></li><li><a href="/navy">Navies</a></li></ul></nav><main>
<article class="post"><h1>Patrol boats for Aktau</h1>{byline}<div class="entry-content">{body}{box}</div></article>{after}
<aside class="related-posts"><h3>Related</h3><ul><li><a href="/a">Another story of ships</a></li></ul></aside>
<div class="newsletter"><h3>Subscribe to our newsletter</h3><p>Every week in your inbox.</p></div></main>
<footer><p>Copyright Example Security Monitor</p></footer></body></html>""".encode()
