"""What came in place of a story's page: no page, or one that asks for something first. Pure."""

from __future__ import annotations

LONGEST_WALL = 1_500
"""Characters: what asks for consent, a login or money says it in few words."""

_PAGES = ("text/html", "application/xhtml+xml")
_HEAD = 1_000

_CONSENT = (
    *("we use cookies", "accept all cookies", "accept cookies", "cookie settings"),
    *("cookie policy", "your privacy choices", "we value your privacy", "we and our partners"),
    *("wir verwenden cookies", "alle akzeptieren", "cookie-einstellungen", "unsere partner"),
    *("nous utilisons des cookies", "accepter et continuer", "accepter les cookies"),
    *("utilizamos cookies", "usamos cookies", "aceptar cookies", "aceitar cookies"),
    *("utilizziamo i cookie", "accetta i cookie", "wij gebruiken cookies", "cookies accepteren"),
    *("vi använder cookies", "vi bruger cookies", "informasjonskapsler", "käytämme evästeitä"),
    *("używamy plików cookie", "używamy cookies", "файлы cookie", "çerezleri kullan"),
)
_LOGIN = (
    *("log in to continue", "sign in to continue", "please log in", "please sign in"),
    *("subscribe to continue", "subscribe to read", "already a subscriber", "subscribers only"),
    *("create a free account", "register to continue", "to continue reading"),
    *("nur für abonnenten", "jetzt abonnieren", "bitte melden sie sich an", "jetzt anmelden"),
    *("réservé aux abonnés", "déjà abonné", "connectez-vous", "abonnez-vous"),
    *("solo para suscriptores", "suscríbete para", "inicia sesión", "exclusivo para assinantes"),
    *("riservato agli abbonati", "accedi per", "alleen voor abonnees", "al abonnee"),
    *("logga in för att", "logg inn for", "log ind for", "tilaajille", "zaloguj się"),
)
_ROBOT = (
    *("enable javascript", "javascript is disabled", "are you a robot", "verify you are human"),
    *("checking your browser", "unusual traffic", "access denied", "complete the captcha"),
)
_PHRASES = (*_CONSENT, *_LOGIN, *_ROBOT)


def is_page(content_type: str, body: bytes) -> bool:
    """Whether a body is a web page, by what its server says, else by how it begins."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind in _PAGES if kind else body[:_HEAD].lstrip().startswith(b"<")


def fault_of(text: str, own: str) -> str | None:
    """Say why the ``text`` of a page is not to be put in place of the feed's ``own``; None: it is.

    A wall is told by two signs together, that it is short and what it says: a story may well be
    about cookies.
    """
    if not text:
        return "no text was found in its page"
    if is_wall(text):
        return "its page asks for consent, a login or a subscription first"
    if len(text) <= len(own):
        return "its page says no more than the feed"
    return None


def is_wall(text: str) -> bool:
    """Whether a page's text asks for consent, a login, money, or for not being a program."""
    if len(text) > LONGEST_WALL:
        return False
    said = text.casefold()
    return any(phrase in said for phrase in _PHRASES)
