"""The reader: a small trained cross-encoder that scores which sentences of a passage answer a
question. `CARD.md` says what it was trained on and how good it is; assistant.training trains it.

    layout.py         question and sentences to one row of token ids
    runtime.py        runs the weights
    weights/          the int8 ONNX file, its tokenizer, their sizes and digests, and the documents
                      it was trained on
"""
