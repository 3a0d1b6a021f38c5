# The public names, which __init__.py imports when they are first used, and editors and type checkers read here.
from .decoding import decode, entropies, one_hot, random_genotype
from .drawing import draw_cell, draw_genotype, draw_path
from .genotypes import Genotype, genotype
from .graphs import unoptimized_graphs
from .notation import genotype_table
from .search import SearchResult, search
from .search_report import SearchReport, search_report
from .search_settings import SEARCHES, SearchSettings, search_settings
from .search_trials import SearchTrials, search_trials
from .space import OPERATIONS, SearchSpace
from .supernet import supernet
from .trials import Trial

__all__ = [
    "OPERATIONS",
    "SEARCHES",
    "Genotype",
    "SearchReport",
    "SearchResult",
    "SearchSettings",
    "SearchSpace",
    "SearchTrials",
    "Trial",
    "decode",
    "draw_cell",
    "draw_genotype",
    "draw_path",
    "entropies",
    "genotype",
    "genotype_table",
    "one_hot",
    "random_genotype",
    "search",
    "search_report",
    "search_settings",
    "search_trials",
    "supernet",
    "unoptimized_graphs",
]
