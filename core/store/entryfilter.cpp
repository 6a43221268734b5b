#include "store/entryfilter.h"

#include "store/filterparser.h"

#include <algorithm>

namespace llmcache {

FilterError::FilterError(const QString& message, const QString& remedy, qsizetype offset, qsizetype length)
    : UsageError(QStringLiteral("%1 (column %2).").arg(message).arg(offset + 1), remedy)
    , m_offset(offset)
    , m_length(length)
{
}

bool FilterTerm::matchesText(QStringView value) const
{
    switch (match) {
    case Match::Contains:
        return value.contains(text, Qt::CaseInsensitive);
    case Match::Equals:
        return value.compare(text, Qt::CaseInsensitive) == 0;
    case Match::Any:
        return !value.isEmpty();
    case Match::None:
        return value.isEmpty();
    }
    return false;
}

bool FilterTerm::matchesFingerprint(QStringView fingerprint) const
{
    constexpr qsizetype fewestDigits = 4;
    if (field == Field::Words && text.size() < fewestDigits)
        return false;
    return fingerprint.startsWith(text, Qt::CaseInsensitive);
}

EntryFilter EntryFilter::parse(const QString& text, const QTimeZone& zone, qint64 nowMs)
{
    EntryFilter filter;
    filter.m_root = FilterParser(text, zone, nowMs).parse();
    return filter;
}

QStringList EntryFilter::fieldNames()
{
    return FilterParser::fieldNames();
}

QStringList EntryFilter::propertyNames()
{
    return FilterParser::propertyNames();
}

std::optional<qint64> filterNumber(const EntryMeta& entry, FilterTerm::Field field, qint64 nowMs)
{
    using Field = FilterTerm::Field;
    switch (field) {
    case Field::Cost:
        return entry.cost ? std::optional(entry.cost->picodollars()) : std::nullopt;
    case Field::Saved:
        return entry.cost ? std::optional((*entry.cost * entry.hits).picodollars()) : std::nullopt;
    case Field::Tokens:
        return entry.usage.totalTokens();
    case Field::Age:
        return entry.createdMs > 0 ? std::optional(nowMs - entry.createdMs) : std::nullopt;
    case Field::Ttl:
        return entry.expiresMs ? std::max<qint64>(0, *entry.expiresMs - nowMs)
                               : std::numeric_limits<qint64>::max();
    case Field::Hits:
        return entry.hits;
    case Field::Size:
        return entry.bytes;
    case Field::Created:
        return entry.createdMs > 0 ? std::optional(entry.createdMs) : std::nullopt;
    case Field::Used:
        return entry.lastUsedMs > 0 ? std::optional(entry.lastUsedMs) : std::nullopt;
    case Field::Words:
    case Field::Text:
    case Field::Model:
    case Field::Agent:
    case Field::Task:
    case Field::Author:
    case Field::Tag:
    case Field::Fingerprint:
    case Field::Is:
        break;
    }
    return std::nullopt;
}

bool hasProperty(const EntryMeta& entry, FilterTerm::Property property, qint64 nowMs)
{
    using Property = FilterTerm::Property;
    const auto expiresBy = [&](qint64 timeMs) { return entry.expiresMs && *entry.expiresMs <= timeMs; };
    switch (property) {
    case Property::Pinned:
        return entry.pinned;
    case Property::Human:
        return entry.human;
    case Property::Python:
        return entry.python;
    case Property::Expired:
        return expiresBy(nowMs);
    case Property::ExpiredSoon:
        return expiresBy(nowMs + EntryFilter::soon.count()) && !expiresBy(nowMs);
    case Property::Unpriced:
        return !entry.cost;
    case Property::Invalid:
        break; // not of the metadata
    }
    return false;
}

namespace {

bool matchesTerm(const FilterTerm& term, const EntryMeta& entry, qint64 nowMs)
{
    using Field = FilterTerm::Field;
    switch (term.field) {
    case Field::Words:
        return term.matchesText(entry.promptExcerpt) || term.matchesText(entry.answerExcerpt)
            || term.matchesText(entry.agent) || term.matchesText(entry.task) || term.matchesText(entry.model)
            || term.matchesFingerprint(entry.fingerprint);
    case Field::Text:
        break; // not of the metadata
    case Field::Model:
        return term.matchesText(entry.model);
    case Field::Agent:
        return term.matchesText(entry.agent);
    case Field::Task:
        return term.matchesText(entry.task);
    case Field::Author:
        return term.matchesText(entry.author);
    case Field::Tag:
        if (term.match == FilterTerm::Match::None)
            return entry.tags.isEmpty();
        return std::any_of(entry.tags.cbegin(), entry.tags.cend(),
            [&](const QString& tag) { return term.matchesText(tag); });
    case Field::Fingerprint:
        return term.matchesFingerprint(entry.fingerprint);
    case Field::Is:
        return hasProperty(entry, term.property, nowMs);
    case Field::Cost:
    case Field::Tokens:
    case Field::Age:
    case Field::Ttl:
    case Field::Hits:
    case Field::Size:
    case Field::Saved:
    case Field::Created:
    case Field::Used: {
        const auto number = filterNumber(entry, term.field, nowMs);
        return number && term.matchesNumber(*number);
    }
    }
    return false;
}

/// With three values: a condition on texts that are not known may hold or not.
std::optional<bool> decideNode(
    const FilterNode& node, const EntryMeta& entry, qint64 nowMs, const EntryFilter::TextTest& test)
{
    switch (node.kind) {
    case FilterNode::Kind::All:
    case FilterNode::Kind::Any: {
        const bool decisive = node.kind == FilterNode::Kind::Any;
        std::optional<bool> result = !decisive;
        for (const FilterNode& child : node.children) {
            const std::optional<bool> part = decideNode(child, entry, nowMs, test);
            if (part == decisive)
                return decisive;
            if (!part)
                result.reset();
        }
        return result;
    }
    case FilterNode::Kind::Not: {
        const std::optional<bool> part = decideNode(node.children.front(), entry, nowMs, test);
        return part ? std::optional(!*part) : std::nullopt;
    }
    case FilterNode::Kind::Term:
        if (node.term.needsWholeEntry())
            return test ? test(node.term) : std::nullopt;
        return matchesTerm(node.term, entry, nowMs);
    }
    return std::nullopt;
}

bool anyText(const FilterNode& node)
{
    return (node.kind == FilterNode::Kind::Term && node.term.needsWholeEntry())
        || std::any_of(node.children.begin(), node.children.end(), anyText);
}

bool anyValidity(const FilterNode& node)
{
    const FilterTerm& term = node.term;
    return (node.kind == FilterNode::Kind::Term && term.field == FilterTerm::Field::Is
               && term.property == FilterTerm::Property::Invalid)
        || std::any_of(node.children.begin(), node.children.end(), anyValidity);
}

} // namespace

EntryFilter EntryFilter::narrowed(FilterTerm term) const
{
    FilterNode condition;
    condition.kind = FilterNode::Kind::Term;
    condition.term = std::move(term);
    EntryFilter filter;
    filter.m_root.children = {m_root, std::move(condition)};
    return filter;
}

bool EntryFilter::needsText() const
{
    return anyText(m_root);
}

bool EntryFilter::needsAgents() const
{
    return anyValidity(m_root);
}

bool EntryFilter::matches(const EntryMeta& entry, qint64 nowMs) const
{
    return decide(entry, nowMs).value_or(false);
}

std::optional<bool> EntryFilter::decide(const EntryMeta& entry, qint64 nowMs, const TextTest& test) const
{
    return decideNode(m_root, entry, nowMs, test);
}

} // namespace llmcache
