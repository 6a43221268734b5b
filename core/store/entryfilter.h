#pragma once

#include "base/error.h"
#include "store/entry.h"

#include <QTimeZone>

#include <functional>
#include <limits>
#include <vector>

namespace llmcache {

/// A filter that can't be understood. Message and remedy are for the person who typed it.
class FilterError : public UsageError {
public:
    /// `offset` and `length` are in UTF-16 units of the filter text.
    FilterError(const QString& message, const QString& remedy, qsizetype offset, qsizetype length);
    qsizetype offset() const noexcept { return m_offset; }
    qsizetype length() const noexcept { return m_length; }
    /// Counted from 1, as people do.
    qsizetype column() const noexcept { return m_offset + 1; }
    LLMCACHE_ERROR_KIND(FilterError, "usage", 2)

private:
    qsizetype m_offset;
    qsizetype m_length;
};

/// One condition of a filter. Public so that an index can evaluate it column by column.
struct FilterTerm {
    enum class Field {
        Words, ///< prompt and answer excerpt, agent, task, model; beginning of the fingerprint
        Text, ///< prompts and answers as a whole, which are no metadata: see ImageFilter
        Model,
        Agent,
        Task,
        Author,
        Tag,
        Fingerprint, ///< its beginning
        Cost, ///< picodollars; an unpriced entry matches no comparison
        Tokens, ///< input and output
        Age, ///< milliseconds since it was stored
        Ttl, ///< milliseconds left, 0 once expired, the largest number when it never expires
        Hits,
        Size, ///< bytes
        Saved, ///< picodollars: cost times hits
        Created, ///< UTC milliseconds
        Used, ///< UTC milliseconds of the last use; one that was never used matches no comparison
        Is,
    };
    enum class Match { Contains, Equals, Any, None };
    enum class Property {
        Pinned,
        Human,
        Python,
        Expired,
        ExpiredSoon,
        Unpriced,
        Invalid, ///< the answer does not fit the schema that its agent has now: see ImageFilter
    };

    Field field = Field::Words;
    Match match = Match::Contains;
    Property property = Property::Pinned; ///< for Is
    QString text; ///< for texts
    qint64 low = std::numeric_limits<qint64>::min(); ///< for numbers; both ends included
    qint64 high = std::numeric_limits<qint64>::max();
    qsizetype offset = 0; ///< where it stands in the filter text
    qsizetype length = 0;

    bool isText() const { return field <= Field::Fingerprint; }
    /// Whether the metadata do not decide it.
    bool needsWholeEntry() const
    {
        return field == Field::Text || (field == Field::Is && property == Property::Invalid);
    }
    /// Whether a text passes, without regard to case. Words look for the whole of `text` in it.
    bool matchesText(QStringView value) const;
    /// Whether a fingerprint begins with `text`; words need at least four hex digits for that, or every
    /// short English word made of a to f would find entries by chance.
    bool matchesFingerprint(QStringView fingerprint) const;
    bool matchesNumber(qint64 value) const { return value >= low && value <= high; }
};

/// A filter as a tree.
struct FilterNode {
    enum class Kind { All, Any, Not, Term };
    Kind kind = Kind::All; ///< All of no children matches everything
    std::vector<FilterNode> children;
    FilterTerm term;
};

/// A condition on entries, typed by a person:
///
///     refund "exact words" -draft model:haiku agent=triage tag:night (task:a OR task:b) text:"in the middle"
///     cost>0.01 tokens>=2k age>3d ttl<12h hits=0 size>10kb saved>1
///     created:2026-11-01..2026-11-07 used>2026-11
///     is:pinned|human|python|expired|expired-soon|unpriced|invalid
///
/// Conditions side by side must all hold. `:` looks for a part of a text and `=` for all of it; `any` and
/// `none` stand for "has one" and "has none". An immutable value.
class EntryFilter {
public:
    /// Matches everything.
    EntryFilter() = default;
    /// Throws FilterError. Dates are days of `zone`; `nowMs` is what "today" and "yesterday" refer to.
    static EntryFilter parse(const QString& text, const QTimeZone& zone, qint64 nowMs);

    bool isEmpty() const { return m_root.kind == FilterNode::Kind::All && m_root.children.empty(); }
    /// Whether it asks for more of an entry than its metadata.
    bool needsText() const;
    /// Whether it asks for what agents are now.
    bool needsAgents() const;
    /// Pure; `nowMs` is what ages and TTLs are counted from. False where whole texts would have to decide.
    bool matches(const EntryMeta& entry, qint64 nowMs) const;
    /// Whether a condition on the whole entry holds; nothing = not known.
    using TextTest = std::function<std::optional<bool>(const FilterTerm&)>;
    /// As matches(), and nothing where it takes more texts than `test` knows (without one, where it takes
    /// any).
    std::optional<bool> decide(const EntryMeta& entry, qint64 nowMs, const TextTest& test = {}) const;
    const FilterNode& root() const { return m_root; }
    /// Of the entries that pass, those for which the condition holds as well.
    EntryFilter narrowed(FilterTerm term) const;

    /// Names of the fields, for completion and help.
    static QStringList fieldNames();
    /// Values of `is:`.
    static QStringList propertyNames();
    /// An entry with less than this to live "expires soon".
    static constexpr std::chrono::milliseconds soon = std::chrono::hours(24);

private:
    FilterNode m_root;
};

/// The number that a numeric field compares; nothing when the entry has none.
std::optional<qint64> filterNumber(const EntryMeta& entry, FilterTerm::Field field, qint64 nowMs);
bool hasProperty(const EntryMeta& entry, FilterTerm::Property property, qint64 nowMs);

} // namespace llmcache
