"""Recognizes a message that is not in English, and names its language.

Timid: a name or an identifier of another language, or a word or two of it in an English sentence,
is no evidence. Function words are, and letters of another script.
"""

import re
import unicodedata

from index.terms import STOP_WORDS

# Words that make sentences: question words, pronouns, forms of "be", "have" and "can", negations.
# None of them is an English word, a common abbreviation or a part of many names.
_STRONG = {
    "German": "wie wieviel wer wem wen wessen warum wieso weshalb wann welche welcher welches "
    "wohin "
    "woher ist sind waren kann kannst können könnte muss müssen darf dürfen soll sollte wird "
    "werden "
    "wurde haben habe hast gibt ich du wir ihr mein meine meinen meiner unser unsere nicht kein "
    "keine keinen eine einen einer einem bitte danke hallo guten kostet kosten funktioniert heißt "
    "dieser diese dieses guten",
    "French": "où quand pourquoi combien quel quelle quels quelles qui est sont était puis "
    "peux peut peuvent dois doit faut avez avons suis êtes je tu nous vous ils elles mon ma mes "
    "votre vos notre nos ne pas une cette ces quoi bonjour merci coûte c'est qu'est est-ce "
    "j'ai puis-je voudrais",
    "Spanish": "qué cómo dónde cuándo cuánto cuánta cuántos cuántas quién cuál cuáles por qué está "
    "están estoy es son puedo puede pueden tengo tiene tienen hay hacer yo mi mis tu su sus una "
    "unos unas muy también hola gracias cuesta necesito quiero para pero como donde cuando cuanto",
    "Italian": "che cosa chi dov'è dove quando perché quanto quanta quanti quale quali è sono "
    "posso "
    "può possono devo deve ho ha abbiamo avete io noi voi il mio mia gli una uno questo questa "
    "ciao grazie costa funziona vorrei anche nel nella della delle",
    "Portuguese": "quê onde quando quanto quantos quantas quem qual quais por que é são está estão "
    "posso pode podem tenho tem têm há eu você vocês meu minha uma não obrigado obrigada olá "
    "custa preciso quero muito também isso esta na nas dos das",
    "Dutch": "wat waar wanneer waarom hoe hoeveel wie welke zijn kan kunnen moet moeten mag hebben "
    "heb heeft ik jij je jullie wij mijn jouw ons onze niet geen een deze dit hallo bedankt dank "
    "kost kosten wordt worden",
    "Polish": "jak gdzie kiedy dlaczego ile kto czy jest są mogę może można muszę mam masz ja ty "
    "nie "
    "mój moja moje to się dla dziękuję cześć dzień dobry kosztuje",
    "Swedish": "hur var när varför vad vem vilken vilka är kan måste har jag vi inte mitt min ett "
    "kostar finns hej tack mycket också",
    "Danish": "hvordan hvor hvornår hvorfor hvad hvem hvilken er kan skal har jeg vi ikke min mit "
    "koster hej tak meget også",
    "Norwegian": "hvordan hvor når hvorfor hva hvem hvilken er kan må har jeg vi ikke min mitt "
    "koster "
    "hei takk mye også",
    "Finnish": "miten missä milloin miksi kuinka mikä kuka onko ovat voinko voiko voi minun minä "
    "meidän ei hei kiitos maksaa paljonko",
    "Turkish": "nasıl nerede ne zaman neden niçin kim kaç hangi mı mi mu mü var yok ben biz değil "
    "bir "
    "bu için merhaba teşekkürler kadar",
    "Czech": "jak kde kdy proč kolik kdo co je jsou mohu můžu musím mám já ne není můj moje pro "
    "děkuji ahoj dobrý stojí",
    "Hungarian": "hogyan hol mikor miért mennyi ki mi van vannak lehet kell nem én az egy köszönöm "
    "mennyibe kerül",
    "Romanian": "cum unde când ce cât câte cine este sunt pot poate trebuie am ai eu nu meu mea un "
    "mulțumesc bună costă pentru",
    "Hindi": "hai hain kya kaise kab kahan kyon kitna kitne kitni mera meri mere mujhe aap hum "
    "nahi "
    "nahin karna karne karo chahiye mein",
    "Indonesian": "bagaimana dimana kapan mengapa kenapa berapa siapa apa apakah adalah bisa dapat "
    "harus saya kami tidak ini itu untuk dengan yang terima kasih",
}
# Words that count beside a strong one: articles and prepositions, which names are full of.
_WEAK = {
    "German": "der die das den dem des ein und oder auf mit von für im zum zur bei aus nach über "
    "tag morgen abend auch noch es sie was in an man so wo",
    "French": "comment ai le la les un du des de d'un d'une l' à au aux dans sur pour par avec en "
    "et ou que plus",
    "Spanish": "el la los las un de del al en con y o que si se no a",
    "Italian": "lo la le i un di del dei da al alla con per e o si non in a",
    "Portuguese": "o a os as um de do da em no com e ou se para",
    "Dutch": "de het van en of met voor op in bij naar is dat er om te",
    "Polish": "w na z do i o od po za",
    "Swedish": "en och att det i på för med som till av den om",
    "Danish": "en et og at det i på for med som til af den om",
    "Norwegian": "en et og å at det i på for med som til av den om",
    "Finnish": "ja on se että kun",
    "Turkish": "ve de da ile en çok",
    "Czech": "v na s do a o od po za se to",
    "Hungarian": "a és hogy is",
    "Romanian": "de la în cu și pe o se să din",
    "Hindi": "ka ki ke ko se par aur to ye wo",
    "Indonesian": "di ke dari dan atau",
}
# Alone, they are a message.
_GREETINGS = {
    "hallo": "German",
    "danke": "German",
    "moin": "German",
    "bonjour": "French",
    "salut": "French",
    "merci": "French",
    "hola": "Spanish",
    "gracias": "Spanish",
    "grazie": "Italian",
    "buongiorno": "Italian",
    "olá": "Portuguese",
    "obrigado": "Portuguese",
    "obrigada": "Portuguese",
    "bedankt": "Dutch",
    "dziękuję": "Polish",
    "merhaba": "Turkish",
    "namaste": "Hindi",
}
_SCRIPTS = {
    "CYRILLIC": "Russian",
    "GREEK": "Greek",
    "ARABIC": "Arabic",
    "HEBREW": "Hebrew",
    "HANGUL": "Korean",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "CJK": "Chinese",
    "THAI": "Thai",
    "DEVANAGARI": "Hindi",
}
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_MAX_CHARS = 400  # of a message that are looked at
# Share of the letters that must be of another script.
_MIN_SHARE = 0.6
_MIN_LETTERS = 3
_MIN_WORDS = 3
_LONG_WORD = 5  # letters; short words of other languages are also names and abbreviations
_ENGLISH = STOP_WORDS | frozenset(
    "what's where's how's is are need want find use list show".split()
)


def foreign_language(text: str) -> str | None:
    """The English name of the language of a message, None if it is English or unknown."""
    text = text[:_MAX_CHARS]
    return _by_script(text) or _by_words(text)


def _by_script(text: str) -> str | None:
    letters = [character for character in text if character.isalpha()]
    counts: dict[str, int] = {}
    for letter in letters:
        if not letter.isascii():
            script = unicodedata.name(letter, "").partition(" ")[0]
            language = _SCRIPTS.get(script)
            if language:
                counts[language] = counts.get(language, 0) + 1
    total = sum(counts.values())
    if total < max(_MIN_LETTERS, _MIN_SHARE * len(letters)):
        return None
    return "Japanese" if "Japanese" in counts else max(counts, key=lambda each: counts[each])


def _by_words(text: str) -> str | None:
    """The language with the most function words, if there are more than English ones: two, one of
    them strong, or a long strong one in a sentence without an English one."""
    found = [word for word in _WORD.findall(text.replace("’", "'")) if not _is_shouted(word, text)]
    words = [word.lower() for word in found]
    if not words:
        return None
    english = sum(word in _ENGLISH for word in words)
    if len(words) == 1:
        return _GREETINGS.get(words[0])
    is_sentence = not english and len(words) >= _MIN_WORDS
    best, language = 0, None
    for name, strong in _STRONG_WORDS.items():
        firm = [word for word in words if word in strong]
        count = len(firm) + sum(word in _WEAK_WORDS[name] for word in words)
        is_long = is_sentence and any(len(word) >= _LONG_WORD for word in firm)
        is_enough = bool(firm) and ((len(set(words)) > 1 and count >= 2) or is_long)
        if is_enough and count > english and count > best:
            best, language = count, name
    return language


def _is_shouted(word: str, text: str) -> bool:
    """Whether a word is an abbreviation, such as EST, in a text that is not all capitals."""
    return word.isupper() and len(word) > 1 and not text.isupper()


_STRONG_WORDS = {name: frozenset(words.split()) for name, words in _STRONG.items()}
_WEAK_WORDS = {name: frozenset(words.split()) for name, words in _WEAK.items()}
