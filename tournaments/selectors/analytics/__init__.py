"""The figures of the analytics pages, read from the daily roll-ups; the number of queries never grows with votes."""

from tournaments.selectors.analytics.arena import arena_page
from tournaments.selectors.analytics.evolution import evolution_page
from tournaments.selectors.analytics.funnel import funnel_page
from tournaments.selectors.analytics.jobs import job_page, percentile
from tournaments.selectors.analytics.listeners import listener_page
from tournaments.selectors.analytics.mixers import mixer_page
from tournaments.selectors.analytics.own import own_page
from tournaments.selectors.analytics.parts import Page, Section

__all__ = ["SECTIONS", "Page", "own_page", "percentile"]

SECTIONS = {
    section.slug: section
    for section in (
        Section("arena", "Arena", arena_page),
        Section("mixers", "Mixers", mixer_page),
        Section("evolution", "Evolution", evolution_page),
        Section("listeners", "Listeners", listener_page),
        Section("funnel", "Funnel", funnel_page),
        Section("jobs", "Jobs", job_page),
    )
}
