"""A checkpoint folder with random weights, of the form that set-up builds, for tests."""

from pathlib import Path

from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import Unigram
from tokenizers.processors import TemplateProcessing

HIDDEN, TINY_LAYERS = 24, 8
LETTERS = "▁abcdefghijklmnopqrstuvwxyzàèìòù@?!.,'"


def write_tiny_checkpoint(folder: Path) -> Path:
    """Write a BERT of 8 layers and 24 dimensions whose pieces are single letters."""
    import torch
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(1)
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    pieces = [(piece, 0.0) for piece in special] + [(letter, -2.0) for letter in LETTERS]
    tokenizer = Tokenizer(Unigram(pieces, unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    ends = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", pad_token="<pad>", eos_token="</s>",
        unk_token="<unk>", model_input_names=["input_ids", "attention_mask"],
    ).save_pretrained(folder)  # fmt: skip
    BertModel(
        BertConfig(
            vocab_size=len(pieces), hidden_size=HIDDEN, num_hidden_layers=TINY_LAYERS,
            num_attention_heads=2, intermediate_size=32, pad_token_id=1,
        )
    ).save_pretrained(folder)  # fmt: skip
    return folder
