"""A language model as an option: it chooses evidence or writes sentences, and is never believed.

    evidence → prompt → model → reply → ids or sentences → proof → answer

What the model writes is shown only if the proof of free text accepts it; how much its choice counts
was measured by an exam with known answers. Without a model none of this is imported.

    client.py       the protocol of a model, and a wrapper with timeout, retries and circuit breaker
    langchain_model.py  a model of any provider through LangChain
    local_model.py  a model in this process: a GGUF file, served by llama.cpp
    prompt.py       fills the prompts; evidence, history and question are JSON, so they stay data
    prompts/        the prompts, one file per version
    exhibits.py     numbers the parts of the evidence that a model sees
    reply.py        parses what a model replied: ids, or sentences with ids
    trust.py        how much a model's choice says, from its exam
    exam.py         asks a model questions whose answers are known
    exam.json       these questions
    writer.py       the generator that asks the model and proves what it says
"""
