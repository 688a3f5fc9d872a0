"""A worker that has lost an item to another one posts nothing for it."""

from unittest.mock import AsyncMock, Mock

import pytest
from builders import make_answer
from conftest import Clock

from api.slack.blocks import Layout
from api.slack.inbox import LEASE, Inbox, LeaseLost, NewItem
from api.slack.payloads import Question
from api.slack.reply import Features, Reply
from api.store.database import Database

ANSWER = make_answer(("Beans are sown in May.", (1,)))
(SENTENCE,) = ANSWER.proved_sentences()


@pytest.mark.parametrize("case", ["public", "private", "stream", "rest of a stream"])
async def test_lost_item_is_not_answered(
    sqlite_database: Database, clock: Clock, case: str
) -> None:
    inbox = Inbox(sqlite_database, clock)
    inbox.add(NewItem("a", "", "", "", ""))
    item = inbox.claim()
    assert item
    place = {"channel": "D0ADA", "user": "U0ADA", "message": "1.1", "thread": "1.1"}
    job = Question(**place, text="?", source="direct", response_url="https://hooks.slack.com/a")
    web = AsyncMock()
    web.stream.return_value = Mock(ts="", append=AsyncMock(), stop=AsyncMock())
    reply = Reply(web, inbox, Features(), item, job, private=case == "private")
    if case == "rest of a stream":
        assert await reply.stream(SENTENCE)
        web.reset_mock()
    clock.now += LEASE
    assert inbox.claim()
    with pytest.raises(LeaseLost):
        await (reply.stream(SENTENCE) if case == "stream" else reply.answer(ANSWER, Layout(), 1))
    assert not web.mock_calls
